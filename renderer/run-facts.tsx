import { parameterWords } from '../src/contract/run-table.ts'
import { codeWords, runnerWords, spanWords } from '../src/contract/run-words.ts'
import { sizeWords } from '../src/contract/size-words.ts'
import type { Run } from '../src/contract/state.ts'
import { useNow } from './clock.ts'
import { useHawserState } from './hawser.tsx'
import { ago, clockTime, count } from './words.ts'

/** What a run is and where, in words. */
export function RunFacts({ run }: { run: Run }) {
	const now = useNow()
	const { runs } = useHawserState()
	const runner = runnerWords(run)
	const set = parameterWords(run)
	const code = codeWords(run)
	const together =
		run.series === null ? [] : Object.values(runs).filter(({ series }) => series === run.series)
	const place = together.filter(({ id }) => id <= run.id).length
	return (
		<dl className="run-facts">
			<dt>Command</dt>
			<dd>
				<code>{run.command}</code>
			</dd>
			{set !== '' && (
				<>
					<dt>Parameters</dt>
					<dd>
						<code>{set}</code>
					</dd>
				</>
			)}
			{code !== '' && (
				<>
					<dt>Commit</dt>
					<dd>
						<code>{code}</code>
					</dd>
				</>
			)}
			<dt>{run.queue ? 'Asked for' : 'Started'}</dt>
			<dd>
				{clockTime(run.startedAt, now)} on {run.workstation}
				{runner !== '' && `, ${runner}`}
			</dd>
			{run.queue && (
				<>
					<dt>Waits</dt>
					<dd>{queueWords(run.queue, now)}</dd>
				</>
			)}
			{together.length > 1 && (
				<>
					<dt>Series</dt>
					<dd>
						run {place} of {together.length} started together
					</dd>
				</>
			)}
			{run.limitMs !== null && (
				<>
					<dt>Time limit</dt>
					<dd>{spanWords(run.limitMs)}</dd>
				</>
			)}
			{run.gpu && (
				<>
					<dt>GPU</dt>
					<dd>
						{spanWords(run.gpu.seconds * 1000)} of GPU time, at most{' '}
						{sizeWords(run.gpu.peakMemoryMiB * 1_048_576)} held at once
					</dd>
				</>
			)}
			<dt>Log</dt>
			<dd>
				{sizeWords(run.logBytes)}, as of {ago(run.seenAt, now)}
			</dd>
		</dl>
	)
}

/** `waits for a free GPU; expected to start at 18:05` */
export function queueWords({ reason, startsAt }: NonNullable<Run['queue']>, now: number): string {
	const expected = startsAt === null ? '' : `expected to start at ${clockTime(startsAt, now)}`
	return [reason, expected].filter((part) => part !== '').join('; ') || 'for its turn'
}

/** How many of `runs` wait and are not shown. */
export const waitingWords = (many: number) =>
	`and ${count(many, 'more run')} that ${many === 1 ? 'waits' : 'wait'} for their turn`
