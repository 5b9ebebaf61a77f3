import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { ProblemError } from '../../contract/client.ts'
import { ownSurroundings, type Surroundings } from '../editor.ts'
import { findProgram } from '../find-program.ts'
import { problem } from '../problems.ts'
import { startApart } from '../process/apart.ts'
import { quote } from '../quote.ts'
import { type TerminalName, type Way, waysOf } from './laptop-terminals.ts'

/** A terminal that has not failed in this time is taken for open, in ms. */
const waitMs = 1500

const refusal = (said: string) => new ProblemError(problem('terminal-unknown', { said }))

/**
 * Opens the person's terminal on this laptop with a command in it, in the home folder. What goes on there is the
 * person's, and outlives us.
 * @throws ProblemError `terminal-unknown` with what was said, when none opens
 */
export async function openLaptopTerminal(
	setting: TerminalName | undefined,
	argv: readonly string[],
	around: Surroundings = ownSurroundings(),
): Promise<void> {
	for (const way of waysOf(setting, around)) {
		const start = await startOf(way, argv, around)
		if (!start) continue
		await begin(start.argv, around).catch(async (error: unknown) => {
			await start.cleanUp()
			throw error
		})
		return
	}
	throw refusal(
		setting === undefined ? 'None was found on this laptop' : `${setting} was not found on this laptop`,
	)
}

interface Start {
	argv: readonly string[]
	cleanUp(): Promise<void>
}

const nothing = async () => {}

/** Null: it is not there. */
async function startOf(way: Way, argv: readonly string[], around: Surroundings): Promise<Start | null> {
	switch (way.by) {
		case 'program':
			for (const name of way.programs) {
				const found = await findProgram(name, around)
				if (found !== null) return { argv: [found, ...way.before, ...argv], cleanUp: nothing }
			}
			return null
		case 'open-args':
			return { argv: ['open', '-na', way.app, '--args', ...way.before, ...argv], cleanUp: nothing }
		case 'open-file': {
			const { file, cleanUp } = await commandFile(argv)
			return { argv: ['open', ...(way.app === null ? [] : ['-a', way.app]), file], cleanUp }
		}
	}
}

/** macOS opens `.command` files in the terminal that the person chose for them. It removes itself first. */
async function commandFile(argv: readonly string[]): Promise<{ file: string; cleanUp: Start['cleanUp'] }> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-shell-'))
	const file = join(folder, 'hawser.command')
	const script = `#!/bin/sh\nrm -rf ${quote(folder)}\ncd\nexec ${argv.map(quote).join(' ')}\n`
	await writeFile(file, script, { mode: 0o700 })
	return { file, cleanUp: () => rm(folder, { recursive: true, force: true }) }
}

async function begin(argv: readonly string[], around: Surroundings): Promise<void> {
	// Ours makes an Electron terminal a plain Node.
	const { ELECTRON_RUN_AS_NODE: _, ...env } = around.env
	const start = await startApart(argv, { cwd: around.home, env, waitMs })
	if (start.status === 'running' || (start.status === 'ended' && start.code === 0)) return
	const said = start.said.replace(/\.$/, '')
	const program = basename(argv[0] ?? '')
	if (start.status === 'failed') throw refusal(`${program} could not be started: ${said}`)
	const end = `${program} ended with ${start.signal ?? `exit code ${start.code}`}`
	throw refusal(said ? `${end}: ${said}` : end)
}
