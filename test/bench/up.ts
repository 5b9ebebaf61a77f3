import { run } from '../../src/engine/process/process.ts'
import { startEngine } from '../peers/engine.ts'
import { git } from '../peers/repositories.ts'
import type { Bed } from './bed.ts'
import { ms, quantile, type Row, timed } from './row.ts'

/** On the workstation, as a person types it: the hub's news, the base branch forward, and into the validation branch. */
const typed = [
	'git -C ~/nt fetch -q origin',
	'git -C ~/nt merge -q --ff-only origin/master',
	'git -C ~/nt-gpu merge -q --no-edit master',
]

/** `up` of one commit over a link that is up beside a push and the same three commands by separate `ssh` calls. */
export async function upRow(bed: Bed): Promise<Row> {
	const { laptop, worktree, commit } = bed.repositories
	let count = 0
	const next = async () => {
		count += 1
		return await commit('validate.sh', `true ${count}\n`, `Change ${count}`)
	}
	/** Both ways must have done the whole of it. */
	const arrived = async (head: string) => {
		if ((await git(worktree, 'rev-parse', 'HEAD')) !== head) throw new Error('the commit did not arrive')
	}

	const engine = await startEngine({ dataFolder: bed.dataFolder })
	await engine.until((state) => state.workstations.lab?.link.status === 'up')
	const sendUp = async () => {
		const { operation } = await engine.call('up', {})
		const { status, problem } = await engine.call('waitOperation', { operation })
		if (status !== 'succeeded') throw new Error(`up: ${status}: ${problem?.title}`)
	}
	const measure = async (rounds: number, work: () => Promise<unknown>) => {
		const durations: number[] = []
		for (let round = 0; round < rounds; round++) {
			const head = await next()
			durations.push(...(await timed(1, work)))
			await arrived(head)
		}
		return quantile(durations, 0.5)
	}
	await sendUp()
	const ours = await measure(15, sendUp)
	await engine.dispose()
	const plain = await measure(7, async () => {
		await git(laptop, 'push', '-q', 'origin', 'master')
		for (const command of typed) await run({ file: 'ssh', args: [...bed.sshArgs, command] })
	})
	const ratio = ours / plain
	return {
		name: 'up of one commit, 30 ms line (median)',
		ours: ms(ours),
		plain: `${ms(plain)} by git push and ${typed.length} ssh calls`,
		ratio,
		bar: '≤ 0.50 ×',
		met: ratio <= 0.5,
	}
}
