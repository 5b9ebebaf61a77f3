import type { Backup, BackupFile, Conflict, LeftOut, Plan } from '../../src/contract/code.ts'
import { problem } from '../../src/engine/problems.ts'
import { button, openPreview, panelOf, type Scene } from './code-scenes.ts'
import { hours, minutes, now, seconds } from './moments.ts'
import { operation, outcome, step } from './pieces.ts'
import { plan, planStep } from './plans.ts'
import type { Stage } from './stage.ts'

/** What is seen of files only after somebody did something. */

export const leftOut: LeftOut[] = [
	{
		rule: '*.ckpt (.gitignore, line 3)',
		paths: ['best.ckpt', 'runs/fold-1/last.ckpt', 'runs/fold-2/last.ckpt'],
		count: 14,
		tracked: 2,
	},
	{
		rule: '__pycache__/ (.gitignore, line 1)',
		paths: ['__pycache__/', 'features/__pycache__/'],
		count: 2,
		tracked: 0,
	},
	{ rule: '/data/raw/ (the settings)', paths: ['data/raw/'], count: 1, tracked: 0 },
]

const send = planStep({
	id: 'files-send',
	machine: 'workstation',
	title: 'Receive files',
	commits: null,
	files: [
		{ path: 'data/etth1.csv', change: 'added', bytes: 2_589_657 },
		{ path: 'notebooks/forecast windows.ipynb', change: 'modified', bytes: 812_440 },
		{ path: 'model.py', change: 'modified', bytes: 14_211 },
		{ path: 'train.py', change: 'modified', bytes: 9120 },
		{ path: 'features/lag.py', change: 'added', bytes: 3011 },
		{ path: 'README.md', change: 'modified', bytes: 812 },
	],
	fileCount: 12,
	bytes: 3_565_158,
})
const remove = planStep({
	id: 'files-delete',
	machine: 'workstation',
	title: 'Delete files, with a backup of each',
	commits: null,
	files: [{ path: 'features/catch22.py', change: 'deleted' }],
	fileCount: 1,
})

export const filesPlan = (change: Partial<Plan> = {}) =>
	plan({
		kind: 'up',
		steps: [send, remove],
		notes: ['1 socket stays: run/agent.sock.'],
		leftOut,
		...change,
	})

const conflict = (path: string, versions: Conflict['versions']): Conflict => ({
	path,
	laptop: [],
	workstation: [],
	versions,
})
export const filesConflicts = () => [
	conflict('train.py', {
		laptop: { bytes: 9120, changedAt: now - minutes(8) },
		workstation: { bytes: 9348, changedAt: now - hours(3) },
	}),
	conflict('config/model.yaml', { laptop: { bytes: 812, changedAt: now - hours(26) }, workstation: null }),
]
export const planWithFileConflicts = () =>
	filesPlan({
		id: '',
		steps: [],
		notes: [],
		leftOut: [],
		conflicts: filesConflicts(),
		problem: problem('files-conflict', { count: '2', files: ['train.py', 'config/model.yaml'] }),
	})
export const planWithMany = () =>
	filesPlan({
		id: '',
		steps: [],
		notes: [],
		problem: problem('files-many', { count: '48,210', limit: '10,000' }),
	})
const planWithDeletions = () =>
	filesPlan({
		id: '',
		problem: problem('files-many-deletions', { count: '41', of: '312', side: 'The workstation' }),
	})

export const backups: Backup[] = [
	{
		id: '20261123T093412.120Z-up',
		machine: 'workstation',
		kind: 'up',
		at: now - minutes(41),
		count: 12,
		bytes: 3_565_158,
	},
	{ id: '20261122T171003.004Z-go', machine: 'laptop', kind: 'go', at: now - hours(17), count: 1, bytes: 812 },
	{
		id: '20261122T170911.734Z-go',
		machine: 'workstation',
		kind: 'go',
		at: now - hours(17),
		count: 48_210,
		bytes: 9_665_158_001,
	},
	{
		id: '20261101T080000.000Z-restore',
		machine: 'laptop',
		kind: 'restore',
		at: now - hours(530),
		count: 3,
		bytes: 20_412,
	},
]
export const backupFiles: BackupFile[] = [
	['config/model.yaml', 812],
	['data/etth1.csv', 2_589_657],
	['features/catch22.py', 3011],
	['features/lag.py', 2999],
	['model.py', 14_002],
	['notebooks/forecast windows.ipynb', 801_220],
	['results/fold-1.csv', 22_120],
	['results/metrics.json', 991],
	['scripts/run all.sh', 402],
	['train.py', 9011],
	['utils/ünïcode.py', 120],
	['utils/io.py', 5120],
].map(([path, bytes]) => ({ path: String(path), bytes: Number(bytes), changedAt: now - hours(50) }))

export const backupsOf = (stage: Stage) => stage.page.getByRole('region', { name: /^Backups of/ })

/** Opens the list of backups, which is answered with these. */
export async function openBackups(stage: Stage, answer = backups): Promise<void> {
	const { page, engine } = stage
	engine.handlers.listBackups = () => ({ backups: answer })
	engine.handlers.listBackupFiles = ({ after, most = 1000 }) => {
		const from = after === undefined ? 0 : backupFiles.findIndex(({ path }) => path === after) + 1
		const files = backupFiles.slice(from, from + most)
		return { files, more: from + files.length < backupFiles.length }
	}
	await button(page, 'Restore files…').click()
	await backupsOf(stage)
		.getByText(/newest first/)
		.waitFor()
}

export async function openBackup(stage: Stage, name: RegExp = /12 files/): Promise<void> {
	await openBackups(stage)
	await backupsOf(stage).getByRole('button', { name }).click()
	await backupsOf(stage).getByText('train.py').waitFor()
}

export const restoring = (change: Parameters<typeof operation>[0] = {}) =>
	operation({
		id: 'op-restore',
		kind: 'restore',
		startedAt: now - seconds(2),
		steps: [
			step('connect', 'Connect', 'done', '', 0),
			step('restore', 'Put the files back', 'running', '1 files', 1),
		],
		...change,
	})

async function restoreOne(stage: Stage): Promise<void> {
	const { page, engine } = stage
	engine.handlers.restore = () => {
		engine.change({ slice: 'operations', key: 'op-restore', value: restoring() })
		return { operation: 'op-restore' }
	}
	await openBackup(stage)
	await page.getByRole('checkbox', { name: /^train.py/ }).check()
	await button(page, 'Restore 1 file').click()
	await page.getByText('Put the files back').first().waitFor()
}

const narrow = { viewport: { width: 380, height: 760 } }
const large = "document.documentElement.style.fontSize = '200%'"
const up =
	(answer: () => Plan): Scene['act'] =>
	(stage) =>
		openPreview(stage, answer())

export const filesScenes = {
	'files-preview': { state: 'files-waiting', act: up(filesPlan) },
	'files-preview-left-out': {
		state: 'files-waiting',
		async act(stage) {
			await openPreview(stage, filesPlan())
			await panelOf(stage.page)
				.getByRole('button', { name: /stay, by 3 rules/ })
				.click()
		},
	},
	'files-preview-conflicts': { state: 'files-conflicts', act: up(planWithFileConflicts) },
	'files-preview-many': { state: 'files-waiting', act: up(planWithMany) },
	'files-preview-deletions': { state: 'files-waiting', act: up(planWithDeletions) },
	'files-preview-large-text': {
		state: 'files-waiting',
		async act(stage) {
			await openPreview(stage, { ...filesPlan(), conflicts: filesConflicts() })
			await stage.page.evaluate(large)
		},
	},
	'files-beside-git-opened': {
		state: 'files-beside-git',
		act: ({ page }) => page.getByRole('button', { name: /^Beside git/ }).click(),
	},
	'files-phone': {
		state: 'files-waiting',
		options: { viewport: { width: 320, height: 640 } },
		act: ({ page }) => page.getByRole('button', { name: /^and \d+ more: 12 files/ }).click(),
	},
	'files-long-narrow': { state: 'files-long', options: narrow, act: () => Promise.resolve() },
	'files-contrast': { state: 'files-moving', options: { contrast: 'more' }, act: () => Promise.resolve() },
	'files-backups': { state: 'files-waiting', act: (stage) => openBackups(stage) },
	'files-backups-none': { state: 'files-in-step', act: (stage) => openBackups(stage, []) },
	'files-backups-far': {
		state: 'files-far',
		act: (stage) =>
			openBackups(
				stage,
				backups.filter(({ machine }) => machine === 'laptop'),
			),
	},
	'files-backup': {
		state: 'files-waiting',
		async act(stage) {
			await openBackup(stage)
			await stage.page.getByRole('searchbox').fill('.py')
			await stage.page.getByRole('checkbox', { name: /^train.py/ }).check()
		},
	},
	'files-backup-phone': {
		state: 'files-waiting',
		options: { viewport: { width: 320, height: 640 } },
		act: (stage) => openBackup(stage),
	},
	'files-backup-large-text': {
		state: 'files-waiting',
		async act(stage) {
			await openBackup(stage)
			await stage.page.evaluate(large)
		},
	},
	'files-restoring': { state: 'files-in-step', act: restoreOne },
	'files-restore-incomplete': {
		state: 'files-in-step',
		async act(stage) {
			await restoreOne(stage)
			const left = problem('restore-incomplete', { files: ['train.py: there is a folder of that name'] })
			const value = restoring({
				endedAt: now,
				steps: [step('restore', 'Put the files back', 'failed')],
				outcome: outcome({
					status: 'stopped',
					problem: left,
					run: null,
					commits: { up: [], back: [] },
					metrics: null,
				}),
			})
			stage.engine.change({ slice: 'operations', key: 'op-restore', value })
			await stage.page.getByText(left.title).first().waitFor()
		},
	},
} satisfies Record<string, Scene>
