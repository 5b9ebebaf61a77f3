import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Link } from '../../src/engine/link/link.ts'
import { createLink } from '../../src/engine/link/live-link.ts'
import { followLog, readLog } from '../../src/engine/runs/log.ts'
import { cancelRun, listRuns } from '../../src/engine/runs/runs.ts'
import { makeRunHome, type RunHome, startWatch, until, whenEnded } from './run-home.ts'
import { type Sshd, sshdMissing, startSshd } from './sshd.ts'

if (sshdMissing) console.warn(`runs over OpenSSH are skipped: ${sshdMissing}`)

describe.skipIf(sshdMissing !== null)('runs over a real OpenSSH server', () => {
	let sshd: Sshd
	let at: RunHome
	let link: Link
	beforeEach(async () => {
		sshd = await startSshd({ homeName: 'a home' })
		at = await makeRunHome({ home: sshd.home })
		link = createLink({ name: 'lab', ssh: sshd.ssh })
		link.connect()
		await link.whenUp(20_000)
	})
	afterEach(async () => {
		await link.dispose()
		await at.dispose()
		await sshd.stop()
	})

	test('the connection is cut in the middle: the run goes on, its end is found and told', async () => {
		const before = await startWatch(link)
		const run = await at.start(link, 'echo 1/2; until [ -e go ]; do sleep 0.05; done; exit 3')
		const follow = followLog(link, run.id, 0, () => {}, new AbortController().signal).catch((error) => error)
		await sshd.stopConnections()
		expect(await before.end).toMatchObject({ problem: { code: 'link-lost' } })
		expect(await follow).toMatchObject({ problem: { code: 'link-lost' } })
		// Nothing but the run is left there.
		await until(() => !at.living().some(({ command }) => /read -r s|tail/.test(command)))
		link.retry()
		await link.whenUp(20_000)
		const after = await startWatch(link)
		expect((await listRuns(link, 'lab')).map((one) => one.outcome.status)).toEqual(['running'])
		await writeFile(join(at.folder, 'go'), '')
		await until(() => after.ended.length > 0)
		expect(after.ended).toMatchObject([{ id: run.id, outcome: { status: 'failed', exitCode: 3 } }])
		expect(await readLog(link, run.id, 0, 100)).toEqual({ text: '1/2\n', end: 4, size: 4 })
		await after.stop()
	})

	test('the server is away while it ends: found afterwards', async () => {
		const run = await at.start(link, 'until [ -e go ]; do sleep 0.05; done; echo done', {
			runner: 'detached',
		})
		await sshd.stopServer()
		await writeFile(join(at.folder, 'go'), '')
		await until(() => at.living().every(({ pid, command }) => !command.includes('wrapper') || pid === 0))
		await sshd.listen()
		link.retry()
		await link.whenUp(20_000)
		expect(await whenEnded(link, run.id)).toMatchObject({
			outcome: { status: 'succeeded' },
			lastLine: 'done',
		})
	})

	test('cancel reaches all of it; a watch that is stopped leaves nothing', async () => {
		const watch = await startWatch(link)
		const run = await at.start(link, 'sleep 600 & sleep 601')
		await cancelRun(link, run.id)
		await until(() => watch.ended.length > 0)
		expect(watch.ended[0]?.outcome.status).toBe('cancelled')
		await watch.stop()
		await until(() => at.living().every(({ command }) => command.startsWith('sshd')))
		expect(await at.fifos()).toEqual([])
	})
})
