import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { configSchema, type WorkstationConfig } from '../../src/contract/config.ts'
import { Store } from '../../src/engine/store.ts'
import { WorkstationSession } from '../../src/engine/workstation-session.ts'
import { emptyState } from '../unit/states.ts'
import { localLink } from './local-link.ts'
import { makeRunHome, until, whenEnded } from './run-home.ts'
import { makeMatrixBed } from './run-matrix-bed.ts'
import { sshdMissing } from './sshd.ts'

const dayMs = 86_400_000

test('a session lets old runs go after it listed them, but none whose end is still to be told', async () => {
	const at = await makeRunHome()
	onTestFinished(() => at.dispose())
	const link = localLink(at.home)
	const runs = join(at.home, '.hawser/runs')
	const ids: string[] = []
	for (const place of ['old', 'owed', 'young']) {
		const { id } = await at.start(link, 'true', { runner: 'detached' })
		await whenEnded(link, id)
		ids.push(id)
		if (place === 'young') continue
		const end = await readFile(join(runs, id, 'exit'), 'utf8')
		const then = Date.now() - 3 * dayMs
		await writeFile(join(runs, id, 'exit'), end.replace(/^ended .*$/m, `ended ${then}`))
	}
	const [old = '', owed = '', young = ''] = ids

	let now = Date.now()
	const gone: string[] = []
	const config = configSchema.parse({
		workstations: [{ name: 'lab', ssh: { host: '127.0.0.1' }, keepRuns: { days: 2 } }],
	})
	const session = new WorkstationSession(config.workstations[0] as WorkstationConfig, {
		link,
		store: new Store(emptyState(), ({ summary }) => summary),
		secrets: { keeps: () => false, clearMemory: () => {} },
		zerotier: { read: () => Promise.reject(new Error('not used')) },
		builtIn: false,
		now: () => now,
		listener: {
			riders: () => [],
			beat: () => {},
			runSeen: () => {},
			pendingRuns: () => [owed],
			runsGone: (some) => gone.push(...some),
		},
	})
	onTestFinished(() => session.dispose())
	// A connection that is just up has better to do.
	await session.check()
	expect((await readdir(runs)).sort()).toEqual([...ids].sort())
	now += 60_000
	await session.check()
	await until(() => gone.length > 0)
	expect(gone).toEqual([old])
	expect((await readdir(runs)).sort()).toEqual([owed, young].sort())
})

test.skipIf(sshdMissing)(
	`a run that another laptop let go can be removed here${sshdMissing ? ` (skipped: ${sshdMissing})` : ''}`,
	async () => {
		const bed = await makeMatrixBed({ one: { workstation: 'lab', command: () => 'true' } })
		onTestFinished(() => bed.stop())
		const { engine } = await bed.laptop()
		const { operation } = await engine.call('run', { anyway: true })
		const { run } = await engine.call('waitOperation', { operation })
		const id = run?.id ?? ''
		await until(() => engine.state().runs[id]?.outcome.status === 'succeeded')
		await bed.clear()
		await engine.call('removeRun', { run: id })
		expect(engine.state().runs).toEqual({})
		await expect(engine.call('removeRun', { run: id })).rejects.toMatchObject({
			problem: { code: 'run-unknown' },
		})
	},
)
