import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { ProblemError } from '../../contract/client.ts'
import { problem } from '../problems.ts'

/**
 * The third face of the door to child processes: hands our own terminal to a program until that ends. No time limit:
 * a person sits before it. Its exit code; 128 and the signal's number for one that was killed, as shells count it.
 * @throws ProblemError `process-failed` when it cannot be started
 */
export function runInTerminal(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
	const [program = '', ...args] = argv
	return new Promise((resolve, reject) => {
		const child = spawn(program, args, { env, stdio: 'inherit' })
		child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
		child.once('error', (error) =>
			reject(
				new ProblemError(problem('process-failed', { program, args, reason: error.message, stderr: '' })),
			),
		)
	})
}
