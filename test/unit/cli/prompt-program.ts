import { processIo } from '../../../src/cli/process-io.ts'

/** Asks as `hawser` does, with the real terminal: argv holds `hidden` or `shown` for each question. */
const io = processIo()
const over = new AbortController()
io.onInterrupt(() => over.abort())
const answers: (string | null)[] = []
for (const [index, kind] of process.argv.slice(2).entries()) {
	// Taken back from outside while it is open.
	if (kind === 'lost') setTimeout(() => over.abort(), 300)
	answers.push(await io.ask(`Question ${index + 1}: `, kind !== 'shown', over.signal))
}
// In hex: what is looked for in the screen's text must not come from here.
io.stdout.write(`answers ${Buffer.from(JSON.stringify(answers)).toString('hex')}\n`)
