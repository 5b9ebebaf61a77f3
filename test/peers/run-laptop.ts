import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Run, State } from '../../src/contract/state.ts'
import { type EngineUnderTest, startEngine } from './engine.ts'
import { until } from './run-home.ts'

/** A laptop: one data folder, an engine that can end and come again, and two faces that both tell every notice at once. */
export interface Laptop {
	readonly engine: EngineUnderTest
	/** The notices' ids that a face may have told, one entry for each time, over all engines. */
	readonly told: string[]
	/** What is on its disk of them. */
	ledger(): Promise<{ told: string[]; untold: string[]; expected: string[] }>
	runs(): Run[]
	/** Settles when each workstation's link is up and its runs were listed; bounded. */
	connected(): Promise<void>
	/** Ends the engine as a person quits the app. */
	quit(): Promise<void>
	/** Makes the next engine. */
	open(): Promise<void>
}

export async function makeLaptop(dataFolder: string, config: object): Promise<Laptop> {
	await mkdir(dataFolder)
	await writeFile(join(dataFolder, 'config.json'), JSON.stringify(config))
	const told: string[] = []
	let engine: EngineUnderTest | null = null
	let faces: Promise<unknown> = Promise.resolve()
	const running = () => {
		if (!engine) throw new Error('its engine has ended')
		return engine
	}
	/** Settles when the engine has ended. */
	const claimAll = async (from: EngineUnderTest, ended: AbortSignal) => {
		const asked = new Set<string>()
		const claim = async ({ id, covers }: State['notices'][string]) => {
			const claims = [1, 2].map(() => from.call('claimNotice', { notice: id }))
			for (const { first } of await Promise.all(claims))
				if (first) told.push(...(covers.length > 0 ? covers : [id]))
			asked.delete(id)
		}
		const claims: Promise<void>[] = []
		while (!ended.aborted) {
			await from.until(({ notices }) => ended.aborted || Object.keys(notices).some((id) => !asked.has(id)))
			for (const notice of Object.values(from.state().notices)) {
				if (asked.has(notice.id)) continue
				asked.add(notice.id)
				claims.push(claim(notice))
			}
		}
		await Promise.all(claims)
	}
	let ender = new AbortController()
	return {
		get engine() {
			return running()
		},
		told,
		ledger: async () => {
			const text = await readFile(join(dataFolder, 'ledger.json'), 'utf8').catch(() => null)
			return text === null ? { told: [], untold: [], expected: [] } : JSON.parse(text)
		},
		runs: () => Object.values(running().state().runs),
		async connected() {
			const one = running()
			// Its settings are read by then.
			await one.call('ready', {})
			for (const name of Object.keys(one.state().workstations)) {
				await one.call('retry', { workstation: name })
				await until(() => one.state().workstations[name]?.link.status === 'up')
				await one.call('check', { workstation: name })
			}
		},
		async quit() {
			ender.abort()
			const ending = engine
			engine = null
			await ending?.dispose()
			await faces
		},
		async open() {
			ender = new AbortController()
			engine = await startEngine({ dataFolder })
			faces = claimAll(engine, ender.signal)
		},
	}
}
