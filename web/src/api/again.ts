/** again asks until the answer is of the moment that is wanted: a server may show
 * what was so a tick before what it has just done. After twenty tries the last
 * answer has to do. */
export async function again<T>(ask: () => Promise<T>, late: (answer: T) => boolean, wait: () => Promise<void> = pause): Promise<T> {
  for (let tries = 1; ; tries++) {
    const answer = await ask()
    if (!late(answer) || tries === 20) return answer
    await wait()
  }
}

function pause(): Promise<void> { return new Promise(resolve => setTimeout(resolve, 100)) }
