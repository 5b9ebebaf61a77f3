import type { FilesPending, ProjectState, State } from '../../src/contract/state.ts'
import { problem } from '../../src/engine/problems.ts'
import { hours, minutes, now, seconds } from './moments.ts'
import { inStep, operation, outcome, project, run, stateOf, step, workstation } from './pieces.ts'

/** Projects whose files, or some of them, travel as files. */

type Read = Extract<FilesPending, { status: 'read' }>
const none = { count: 0, bytes: 0, paths: [] }

export const filesRead = (change: Partial<Read> = {}): Read => ({
	status: 'read',
	at: now - seconds(20),
	syncedAt: now - minutes(41),
	toWorkstation: {
		count: 12,
		bytes: 3_565_158,
		paths: ['data/etth1.csv', 'features/lag.py', 'model.py', 'notebooks/forecast windows.ipynb', 'train.py'],
	},
	toLaptop: { count: 2, bytes: 48_211, paths: ['results/fold-1.csv', 'results/metrics.json'] },
	remoteAt: now - seconds(20),
	conflictCount: 0,
	...change,
})

export const ofFiles = (files: ProjectState['files'], change: Partial<ProjectState> = {}) =>
	project({
		strategy: 'files',
		local: '~/eon/nt',
		remote: '/scratch/ada/nt',
		pending: { status: 'unused' },
		files,
		...change,
	})

const without = run({ branch: '', commit: '', metrics: null, change: null })
const quiet = filesRead({ toWorkstation: none, toLaptop: none })
const sides = { toWorkstation: none, toLaptop: none }
const nothing = { commits: { up: [], back: [] }, run: null, metrics: null }
const moved = (count: number, bytes: number, deleted = 0) => ({ count, bytes, deleted })

/** One that is about to send. */
export const moving = (share: number | undefined, detail: string) =>
	operation({
		kind: 'up',
		startedAt: now - seconds(14),
		steps: [
			step('connect', 'Connect', 'done', '', 0),
			step('files-look', 'Look at both sides', 'done', '12 files', 2),
			{
				...step('files-send', 'Send files', 'running', detail, 12),
				...(share === undefined ? {} : { share }),
			},
			step('files-note', 'Note what both have', 'waiting'),
		],
	})

export const filesStates = {
	'files-waiting': () => stateOf({ projects: [ofFiles(filesRead())], runs: [without] }),

	'files-in-step': () => stateOf({ projects: [ofFiles(quiet)], runs: [] }),

	'files-conflicts': () =>
		stateOf({ projects: [ofFiles(filesRead({ conflictCount: 2, toLaptop: none }))], runs: [] }),

	'files-first': () =>
		stateOf({
			projects: [ofFiles(filesRead({ syncedAt: null, toLaptop: null, remoteAt: null }))],
			runs: [],
		}),

	'files-far': () =>
		stateOf({
			workstations: [
				workstation({
					link: {
						status: 'lost',
						problem: problem('port-silent', { host: '10.147.17.5', port: 22, seconds: 15 }),
						since: now - minutes(3),
						nextTryAt: now + seconds(8),
					},
				}),
			],
			projects: [ofFiles(filesRead({ remoteAt: now - hours(2) }))],
			runs: [],
		}),

	'files-unreadable': () =>
		stateOf({
			projects: [
				ofFiles({
					status: 'unreadable',
					at: now - seconds(20),
					problem: problem('files-root-missing', { side: 'The laptop', path: '/Volumes/data/nt' }),
				}),
			],
			runs: [],
		}),

	'files-moving': () =>
		stateOf({
			summary: { glyph: 'working', line: 'Sending files of nt' },
			operations: [moving(0.43, '5 of 12 files, 1.5 of 3.4 MiB, 2 s left')],
			projects: [ofFiles(filesRead())],
			runs: [],
		}),

	'files-moved': () =>
		stateOf({
			operations: [
				operation({
					kind: 'go',
					endedAt: now - minutes(1),
					steps: [],
					outcome: outcome({ ...nothing, files: { up: moved(12, 3_565_158, 2), back: moved(2, 48_211) } }),
				}),
			],
			projects: [ofFiles(filesRead({ ...sides, syncedAt: now - minutes(1) }))],
			runs: [],
		}),

	'files-stopped': () =>
		stateOf({
			operations: [
				operation({
					kind: 'up',
					startedAt: now - seconds(9),
					endedAt: now - seconds(2),
					steps: [
						step('connect', 'Connect', 'done', '', 0),
						step('files-look', 'Look at both sides', 'failed', '', 2),
						step('files-send', 'Send files', 'skipped'),
					],
					outcome: outcome({
						...nothing,
						status: 'stopped',
						problem: problem('files-conflict', { count: '2', files: ['train.py', 'config/model.yaml'] }),
					}),
				}),
			],
			projects: [ofFiles(filesRead({ conflictCount: 2 }))],
			runs: [],
		}),

	'files-beside-git': () =>
		stateOf({
			projects: [
				project({
					files: filesRead({
						toWorkstation: { count: 1, bytes: 1_288_490_189, paths: ['data/windows-2026.parquet'] },
						toLaptop: { count: 2, bytes: 2_469_606_195, paths: ['checkpoints/a.ckpt', 'checkpoints/b.ckpt'] },
					}),
				}),
			],
			runs: [],
		}),

	'files-beside-git-even': () =>
		stateOf({ projects: [project({ pending: inStep(), files: quiet })], runs: [] }),

	'files-long': () => {
		const paths = Array.from(
			{ length: 20 },
			(_, at) => `${'a-folder-with-quite-a-long-name/'.repeat(5)}“${at}” \u202egnp.py`,
		)
		return stateOf({
			projects: [
				ofFiles(
					filesRead({
						toWorkstation: { count: 123_456, bytes: 987_654_321_000, paths },
						toLaptop: { count: 98_765, bytes: 12_345_678_901, paths },
						conflictCount: 1234,
					}),
					{
						name: 'a-project-with-quite-a-long-name-too-as-happens-in-practice',
						local: `~/${'a-folder-with-quite-a-long-name/'.repeat(3)}nt`,
						remote: `/scratch/${'a-folder-with-quite-a-long-name/'.repeat(3)}nt`,
					},
				),
			],
			runs: [],
		})
	},
} satisfies Record<string, () => State>
