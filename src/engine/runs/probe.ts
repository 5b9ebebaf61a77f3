import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ProjectConfig } from '../../contract/config.ts'
import type { Probe } from '../../contract/probe.ts'
import { remoteWorktree } from '../git/remote.ts'
import type { Link } from '../link/link.ts'
import { runScript, textOf } from '../remote/script.ts'
import { scriptFailed } from '../remote/script-failure.ts'
import { judgeProbe } from './probe-judge.ts'
import { readProbe } from './probe-records.ts'

/** For Python and all it imports, in seconds. */
const pythonSeconds = 120
/** Over that: the driver's two answers, the login shell and what the way takes. */
const aroundMs = 60_000

const oneLine = (text: string) => text.replaceAll('\n', '\u0002')

/**
 * What the project's Python, PyTorch and TiRex say of the GPU, in the environment that its runs have. Changes nothing on
 * the workstation; with `download` TiRex may fetch its weights there. What is missing or broken is part of the answer.
 * @throws ProblemError `remote-failed` when not even the question could be written there, and what `runScript` throws
 */
export async function probe(
	link: Link,
	project: ProjectConfig,
	now: () => number,
	options: { download?: boolean | undefined; seconds?: number } = {},
): Promise<Probe> {
	// Not to be guessed by what libraries print.
	const mark = `hawser-${randomUUID()}`
	const seconds = options.seconds ?? pythonSeconds
	const args = [
		mark,
		String(seconds),
		options.download ? 'download' : '-',
		...(project.strategy === 'git' ? [remoteWorktree(project)] : [project.remote]),
		project.remote,
		project.validation.python ?? '',
		oneLine(textOf(['probe-find'])),
		oneLine(readFileSync(new URL('../remote/probe.py', import.meta.url), 'utf8')),
		...Object.entries(project.validation.environment).map(([name, value]) => `${name}=${value}`),
	]
	const result = await runScript(link, 'probe', args, { timeoutMs: seconds * 1000 + aroundMs })
	if (result.code !== 0) throw scriptFailed('probe', result, result.stderr)
	const found = judgeProbe(readProbe(result.stdout, mark), now())
	return { workstation: project.workstation, project: project.name, ...found }
}
