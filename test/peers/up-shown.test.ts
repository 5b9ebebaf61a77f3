import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { startEngine } from './engine.ts'
import { git, makeRepositories } from './repositories.ts'
import { sshdMissing, startSshd } from './sshd.ts'

/** What the state says as soon as an `up` has ended: its last script's round trip brought it along. */

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const names = { base: 'master', validation: 'gpu-validation', laptop: 'nt', clone: 'nt', worktree: 'nt-gpu' }

describe.skipIf(sshdMissing)(`up${sshdMissing ? ` (skipped: ${sshdMissing})` : ''}`, () => {
	test.each(['origin', 'direct'])('leaves both sides shown as they are, hub: %s', async (hub) => {
		const folder = await mkdtemp(join(tmpdir(), 'hawser-up-'))
		cleanups.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
		const sshd = await startSshd()
		cleanups.push(() => sshd.stop())
		const { laptop, worktree, commit } = await makeRepositories(folder, sshd.home, names, { 'a.py': 'one\n' })
		const dataFolder = join(folder, 'data')
		await mkdir(dataFolder)
		const common = { workstation: 'lab', local: laptop, remote: '~/nt', validation: { command: 'true' } }
		const projects = [
			{ ...common, name: 'nt', git: { hub } },
			// On the same clone: what moves there is its news too.
			{ ...common, name: 'beside', git: { hub, results: ['other/**'] } },
		]
		const config = { workstations: [{ name: 'lab', ssh: sshd.ssh }], projects }
		await writeFile(join(dataFolder, 'config.json'), JSON.stringify(config))
		const engine = await startEngine({ dataFolder })
		cleanups.push(() => engine.dispose())
		await engine.until((state) => {
			const pending = state.projects.nt?.pending
			return pending?.status === 'read' && pending.remote
		})
		for (const [round, text] of ['two\n', 'three\n'].entries()) {
			const sent = await commit('a.py', text, `Change ${round}`)
			const since = Date.now()
			const { operation } = await engine.call('up', { project: 'nt' })
			const ended = await engine.call('waitOperation', { operation })
			const { nt, beside } = engine.state().projects
			expect(ended).toMatchObject({ status: 'succeeded', commits: { up: [{ id: sent }] } })
			expect(await git(worktree, 'rev-parse', 'HEAD')).toBe(sent)
			expect(nt?.pending).toMatchObject({
				head: sent,
				toWorkstation: { count: 0 },
				toHub: hub === 'direct' ? null : { count: 0 },
			})
			for (const project of [nt, beside]) {
				expect(project?.pending).toMatchObject({
					status: 'read',
					remote: { base: sent, validation: sent },
				})
				const { pending } = project ?? {}
				expect(pending?.status === 'read' ? pending.remoteAt : 0).toBeGreaterThanOrEqual(since)
			}
		}
	})
})
