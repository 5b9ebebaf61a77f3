import 'conf'
import { processIo } from '../../../src/cli/process-io.ts'

/** Says how often it was interrupted; busy for a while each time, as on a slow machine. Ends at the second one. */
let heard = 0
const idle = setInterval(() => {}, 1000)
const stop = processIo().onInterrupt(() => {
	heard++
	const end = performance.now() + 500
	while (performance.now() < end);
	// What was sent meanwhile is heard before this.
	setTimeout(() => process.stdout.write(`heard ${heard}\n`), 50)
	if (heard < 2) return
	stop()
	clearInterval(idle)
})
process.stdout.write('ready\n')
