// A scene by Bullet: bullet FILE STEPS. Settings are Bullet's own but for
// sleeping, which is off.
#include <btBulletDynamicsCommon.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

static double seconds() {
	timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

int main(int argc, char **argv) {
	FILE *in = argc == 3 ? fopen(argv[1], "r") : nullptr;
	if (!in) {
		fprintf(stderr, "bullet: no scene\n");
		return 1;
	}
	btDefaultCollisionConfiguration config;
	btCollisionDispatcher dispatcher(&config);
	btDbvtBroadphase broadphase;
	btSequentialImpulseConstraintSolver solver;
	btDiscreteDynamicsWorld world(&dispatcher, &broadphase, &solver, &config);
	world.setGravity(btVector3(0, btScalar(-9.81), 0));
	std::vector<btRigidBody *> moving;
	char kind[16];
	double x, y, z, hx, hy, hz, mass;
	while (fscanf(in, "%15s %lf %lf %lf %lf %lf %lf %lf", kind, &x, &y, &z, &hx, &hy, &hz, &mass) == 8) {
		btCollisionShape *shape;
		if (strcmp(kind, "box") == 0)
			shape = new btBoxShape(btVector3(btScalar(hx), btScalar(hy), btScalar(hz)));
		else
			shape = new btSphereShape(btScalar(hx));
		btVector3 inertia(0, 0, 0);
		if (mass > 0)
			shape->calculateLocalInertia(btScalar(mass), inertia);
		btTransform at(btQuaternion::getIdentity(), btVector3(btScalar(x), btScalar(y), btScalar(z)));
		btRigidBody::btRigidBodyConstructionInfo info(btScalar(mass), new btDefaultMotionState(at), shape, inertia);
		// Bullet multiplies the coefficients of a pair, which is to have 0.5.
		info.m_friction = btScalar(0.70710678);
		info.m_restitution = 0;
		btRigidBody *body = new btRigidBody(info);
		body->setActivationState(DISABLE_DEACTIVATION);
		world.addRigidBody(body);
		if (mass > 0)
			moving.push_back(body);
	}
	int steps = atoi(argv[2]);
	double began = seconds();
	for (int i = 0; i < steps; i++)
		world.stepSimulation(btScalar(1.0 / 60), 0);
	double used = seconds() - began;
	double mean = 0, top = -1e30, low = 1e30;
	for (btRigidBody *body : moving) {
		double h = body->getWorldTransform().getOrigin().y();
		mean += h / double(moving.size());
		top = std::max(top, h);
		low = std::min(low, h);
	}
	printf("%.6f %.6f %.6f %.6f\n", used, mean, top, low);
}
