import type { Command } from 'commander'
import type { Probe } from '../contract/probe.ts'
import { lacksWeights, probeRows, realProblems } from '../contract/probe-words.ts'
import { typed } from '../engine/quote.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import type { Io } from './io.ts'
import { reach, workstationOf } from './reach.ts'
import { note, print, printJson, printProblem } from './report.ts'
import { type Cli, withEngine } from './session.ts'
import { coloursFor, columns, plain } from './words.ts'

export function addProbe(program: Command, cli: Cli): void {
	program
		.command('probe')
		.argument('[project]', 'may be left out with one project')
		.description('ask the project’s own Python on the workstation about PyTorch, the GPU and TiRex')
		.option('--download', 'let TiRex fetch its weights there (some 140 MB), where they are missing')
		.option('--json', 'print the answer as JSON')
		.action((project: string | undefined, options: { json?: boolean; download?: boolean }) =>
			withEngine(cli, options, async (session) => {
				const { client, io } = session
				const workstation = workstationOf(session.state(), project)
				if (workstation !== null) await reach(session, workstation)
				if (!options.json && io.stdout.isTTY) note(io, 'Asking; a first import can take a minute…')
				const probe = await client.call('probe', {
					...(project === undefined ? {} : { project }),
					...(options.download ? { download: true } : {}),
				})
				if (options.json) printJson(io, probe)
				else printProbe(io, probe)
				// No PyTorch and no TiRex are ordinary answers.
				const [worst] = realProblems(probe)
				return worst ? exitCodeOf(worst) : exitCodes.done
			}),
		)
}

function printProbe(io: Io, probe: Probe): void {
	const colours = coloursFor(io.stdout, io.env)
	const marks = { ok: colours.green('●'), failing: colours.red('✕'), unused: '–' }
	print(io, `${colours.bold(plain(probe.project))} on ${plain(probe.workstation)}`)
	const rows = probeRows(probe).map(({ name, finding, verdict }) => [
		`  ${marks[verdict]} ${name}`,
		plain(finding),
	])
	print(io, columns(rows))
	for (const each of probe.problems) printProblem(io, each)
	if (lacksWeights(probe)) {
		const name = typed(probe.project)
		// A name that begins with a dash would be taken for an option.
		note(io, `For a forecast too: hawser probe --download ${name.startsWith('-') ? '-- ' : ''}${plain(name)}`)
	}
}
