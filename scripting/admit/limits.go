package admit

// Bounds on a module, checked before the engine sees it. The engine's compile
// time grows with the product of locals and control structure of a function:
// 100 KB made of one function with 500 locals and 4,000 loops costs it 9 s and
// 1 GB. These bounds leave several times what Go's compiler emits.
const (
	MaxModule   = 8 << 20   // bytes
	MaxTypes    = 4096      //
	MaxParams   = 64        // and results, of one type
	MaxImports  = 256       //
	MaxFuncs    = 1 << 16   // defined
	MaxTables   = 4         //
	MaxTable    = 1 << 17   // elements: 1 MB of pointers each
	MaxGlobals  = 4096      //
	MaxExports  = 1024      //
	MaxElems    = 1 << 16   // element segments, and entries in all of them
	MaxData     = 1 << 17   // segments; Go emits 20,000 for hello, 70,000 for a large program
	MaxName     = 256       // bytes of an import or export name
	MaxBody     = 512 << 10 // bytes of one function
	MaxLocals   = 1024      // of one function, parameters included
	MaxBranches = 1 << 14   // targets of one br_table
)

// MaxPages is the most 64 KiB pages of memory any module may ask for; a Policy
// may allow less.
const MaxPages = 4096

// Depth is the stack budget of an instance, unless the host sets another, in
// units of 8 bytes: 32 MB of native stack at the most. The engine's own
// ceiling is 50 MB.
const Depth = 4 << 20
