import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { CDPSession, Page } from 'playwright-core'
import { buildWindow, chromiumPath, launchBrowser } from '../window/browser.ts'
import type { Bed } from './bed.ts'
import { quantile, type Row } from './row.ts'

const pieces = 104
/** 2 MB of a log as training writes it, with colours. */
const piece = Array.from(
	{ length: 25_000 },
	(_, step) =>
		`\u001b[32mINFO\u001b[0m step ${String(step).padStart(6)} \u001b[1mloss\u001b[0m ${(1 / (step + 1)).toFixed(6)} lr 2.5e-04, one of many lines\n`,
).join('')
const megabytes = ((piece.length * pieces) / 1e6).toFixed(0)
const lastLine = 'the last line of it all'
/** Twenty times a second a piece. */
const command = `until [ -e "$HOME/log-go" ]; do sleep 0.05; done; for piece in $(seq ${pieces}); do cat "$HOME/log-piece"; sleep 0.05; done; echo "${lastLine}"`

/** A window that follows a run's log while it gets 200 MB longer: its frames, and what memory that takes. */
export async function logRows(bed: Bed): Promise<Row[]> {
	if (chromiumPath === null || process.platform !== 'linux') {
		const nothing = { plain: '', ratio: null, bar: '', met: true }
		return [{ name: 'following a log', ours: 'skipped: needs Chromium and /proc', ...nothing }]
	}
	const folder = await mkdtemp(join(tmpdir(), 'hawser-bench-log-'))
	const project = {
		name: 'nt',
		workstation: 'lab',
		local: bed.repositories.laptop,
		remote: '~/nt',
		validation: { command },
	}
	// Without the slow line: the more comes at once.
	const config = { workstations: [{ name: 'lab', ssh: bed.sshd.ssh }], projects: [project] }
	await writeFile(join(folder, 'config.json'), JSON.stringify(config))
	await writeFile(join(bed.sshd.home, 'log-piece'), piece)
	const built = await buildWindow()
	const browser = await launchBrowser()
	const script = fileURLToPath(new URL('log-server.ts', import.meta.url))
	const server = spawn(process.execPath, [script, folder, built.folder], {
		stdio: ['pipe', 'pipe', 'inherit'],
	})
	try {
		const [url] = await once(createInterface(server.stdout), 'line')
		const page = await browser.newPage({ viewport: { width: 412, height: 760 } })
		await page.goto(String(url))
		await page.getByRole('main').waitFor()
		server.stdin.write('run\n')
		await page.getByRole('button', { name: /running: nt/ }).click({ timeout: 60_000 })
		await page.getByRole('region', { name: 'Log of nt' }).waitFor()
		const cdp = await page.context().newCDPSession(page)
		const pids = { engine: server.pid ?? 0, window: await rendererPid(await browser.newBrowserCDPSession()) }
		const before = await memory(cdp, pids)
		await watchFrames(page)
		await sleep(4000)
		const idle = await takeFrames(page)
		const peaks = { engine: before.engine, window: before.window }
		const sampling = setInterval(() => {
			for (const name of ['engine', 'window'] as const)
				void resident(pids[name]).then((now) => {
					peaks[name] = Math.max(peaks[name], now)
				})
		}, 200)
		await writeFile(join(bed.sshd.home, 'log-go'), '')
		await page.getByRole('region', { name: 'Log of nt' }).getByText(lastLine).waitFor({ timeout: 120_000 })
		const frames = await takeFrames(page)
		clearInterval(sampling)
		const after = await memory(cdp, pids)
		return rowsOf(idle, frames, before, peaks, after)
	} finally {
		server.stdin.end()
		await browser.close()
		if (server.exitCode === null) await once(server, 'exit')
		await built.remove()
		await rm(folder, { recursive: true, force: true })
	}
}

interface Frames {
	/** Between two frames, in ms. */
	gaps: number[]
	/** Tasks of over 50 ms, in ms each. */
	longTasks: number[]
}
interface Memory {
	/** In MB. */
	heap: number
	engine: number
	window: number
}

function rowsOf(
	idle: Frames,
	frames: Frames,
	before: Memory,
	peaks: Omit<Memory, 'heap'>,
	after: Memory,
): Row[] {
	const of = ({ gaps }: Frames) =>
		`p50 ${quantile(gaps, 0.5).toFixed(1)}, p95 ${quantile(gaps, 0.95).toFixed(1)}, worst ${Math.max(...gaps).toFixed(0)} ms`
	const { gaps, longTasks } = frames
	const seconds = gaps.reduce((sum, gap) => sum + gap, 0) / 1000
	const median = 1000 / quantile(gaps, 0.5)
	const more = {
		heap: after.heap - before.heap,
		engine: peaks.engine - before.engine,
		window: peaks.window - before.window,
	}
	return [
		{
			name: `following a log of ${megabytes} MB, written in ${seconds.toFixed(0)} s: between two frames`,
			ours: `${of(frames)}; ${gaps.length / seconds > 0 ? (gaps.length / seconds).toFixed(0) : '0'} a second, ${longTasks.length} tasks over 50 ms`,
			plain: `${of(idle)} without`,
			ratio: null,
			bar: 'median ≥ 60 frames a second',
			// 60 Hz is 16.67 ms; clocks round.
			met: median >= 59.5,
		},
		{
			name: 'the same: memory more than before',
			ours: `window's heap ${more.heap.toFixed(1)} MB, its process ${more.window.toFixed(0)} MB, engine ${more.engine.toFixed(0)} MB, at their peak`,
			plain: '',
			ratio: null,
			bar: '≤ 50 MB each',
			met: Math.max(more.heap, more.window, more.engine) <= 50,
		},
	]
}

/** Notes every frame and every long task of the page. */
async function watchFrames(page: Page): Promise<void> {
	await page.evaluate(`{
		window.gaps = []
		window.longTasks = []
		let last = performance.now()
		const frame = (now) => {
			window.gaps.push(now - last)
			last = now
			requestAnimationFrame(frame)
		}
		requestAnimationFrame(frame)
		new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((task) => task.duration))).observe({ type: 'longtask' })
	}`)
}

/** What was noted since the last time. */
async function takeFrames(page: Page): Promise<Frames> {
	return await page.evaluate<Frames>(
		'({ gaps: window.gaps.splice(0), longTasks: window.longTasks.splice(0) })',
	)
}

async function memory(cdp: CDPSession, pids: { engine: number; window: number }): Promise<Memory> {
	await cdp.send('Performance.enable')
	await cdp.send('HeapProfiler.collectGarbage')
	const { metrics } = await cdp.send('Performance.getMetrics')
	const heap = metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? Number.NaN
	return { heap: heap / 1e6, engine: await resident(pids.engine), window: await resident(pids.window) }
}

async function rendererPid(cdp: CDPSession): Promise<number> {
	const { processInfo } = await cdp.send('SystemInfo.getProcessInfo')
	const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
	// The browser keeps a spare one, which has loaded nothing.
	const sizes = await Promise.all(renderers.map(async (id) => ({ id, size: await resident(id) })))
	return sizes.sort((one, other) => other.size - one.size)[0]?.id ?? 0
}

/** Resident memory of a process in MB; 0 when it is gone. */
async function resident(pid: number): Promise<number> {
	const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
	return (Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024) / 1e6
}
