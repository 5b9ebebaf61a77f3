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

	const measure = async (rounds: number, work: () => Promise<unknown>) => {
		const durations: number[] = []
		for (let round = 0; round < rounds; round++) {
			const head = await next()
			durations.push(...(await timed(1, work)))
			await arrived(head)
		}
		return durations
	}
	const byEngine = async () => {
		const engine = await startEngine({ dataFolder: bed.dataFolder })
		try {
			await engine.until((state) => state.workstations.lab?.link.status === 'up')
			const sendUp = async () => {
				const { operation } = await engine.call('up', {})
				const { status, problem } = await engine.call('waitOperation', { operation })
				if (status !== 'succeeded') throw new Error(`up: ${status}: ${problem?.title}`)
			}
			await sendUp()
			return await measure(5, sendUp)
		} finally {
			await engine.dispose()
		}
	}
	const byHand = async () =>
		await measure(3, async () => {
			await git(laptop, 'push', '-q', 'origin', 'master')
			for (const command of typed) await run({ file: 'ssh', args: [...bed.sshArgs, command] })
		})
	const durations: Record<'ours' | 'plain', number[]> = { ours: [], plain: [] }
	// By turns, so that whatever else the machine does meets both.
	for (let turn = 0; turn < 3; turn++) {
		durations.ours.push(...(await byEngine()))
		durations.plain.push(...(await byHand()))
	}
	const ours = quantile(durations.ours, 0.5)
	const plain = quantile(durations.plain, 0.5)
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
