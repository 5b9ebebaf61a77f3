import { Command, CommanderError } from 'commander'
import { dataFolder } from '../engine/rpc/data-folder.ts'
import { addAgent } from './agent.ts'
import { addCheck } from './check.ts'
import { addConnect } from './connect.ts'
import { addDemo } from './demo.ts'
import { exitCodeHelp, exitCodes } from './exit-codes.ts'
import { addGpu } from './gpu.ts'
import type { Io } from './io.ts'
import { addMerge } from './merge.ts'
import { addMetrics } from './metrics.ts'
import { addPending } from './pending.ts'
import { addProbe } from './probe.ts'
import { addRestore } from './restore.ts'
import { addRuns } from './runs.ts'
import { addServe } from './serve.ts'
import { type Cli, type Doors, report } from './session.ts'
import { addSetup } from './setup.ts'
import { addShell } from './shell.ts'
import { addStatus } from './status.ts'
import { addSync } from './sync.ts'
import { addTmux } from './tmux.ts'
import { addWorktree } from './worktree.ts'
import { addZeroTier } from './zerotier.ts'

/** One call of `hawser`. `argv` is what follows the program's name. Returns the exit code; never throws. */
export async function main(argv: readonly string[], io: Io, doors: Doors): Promise<number> {
	const program = new Command('hawser')
	const cli: Cli = {
		io,
		doors,
		dataFolder: () => dataFolder(program.opts<{ home?: string }>().home, io.env),
		exitCode: exitCodes.done,
	}
	program
		.description('Keeps your laptop and your GPU workstation in step.')
		.option('--home <folder>', 'the data folder (default: HAWSER_HOME, else the platform’s)')
		.version(doors.version)
		.helpCommand(false)
		.addHelpText('afterAll', ({ command }) => (command === program ? exitCodeHelp : elsewhere))
		.showHelpAfterError('hawser --help says how it is used.')
		.exitOverride()
		.configureOutput({
			writeOut: (text) => io.stdout.write(text),
			writeErr: (text) => io.stderr.write(text),
			getOutHelpWidth: () => 80,
			getErrHelpWidth: () => 80,
			getOutHasColors: () => false,
			getErrHasColors: () => false,
		})
	addStatus(program, cli)
	addCheck(program, cli)
	addConnect(program, cli)
	addGpu(program, cli)
	addPending(program, cli)
	addProbe(program, cli)
	addSync(program, cli)
	addMerge(program, cli)
	addRestore(program, cli)
	addWorktree(program, cli)
	addRuns(program, cli)
	addMetrics(program, cli)
	addServe(program, cli)
	addDemo(program, cli)
	addSetup(program, cli)
	addShell(program, cli)
	addTmux(program, cli)
	addAgent(program, cli)
	addZeroTier(program, cli)
	try {
		await program.parseAsync(withDefault(program, argv), { from: 'user' })
		return cli.exitCode
	} catch (error) {
		if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUse
		return report(io, error, false)
	}
}

/** Under the help of a command. */
const elsewhere = '\nFor --home and the exit codes: hawser --help'

/** `hawser` alone, with options or without, is `hawser status`; a word that is no command stays one. */
function withDefault(program: Command, argv: readonly string[]): string[] {
	const asksForItself = argv.some((word) => ['-h', '--help', '-V', '--version'].includes(word))
	if (asksForItself) return [...argv]
	let words: string[] = []
	try {
		words = program.parseOptions([...argv]).operands
	} catch {
		// A mistake in the options is told when they are read for real.
		return [...argv]
	}
	return words.length === 0 ? ['status', ...argv] : [...argv]
}
