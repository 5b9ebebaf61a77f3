import type { Command } from 'commander'
import { ProblemError } from '../contract/client.ts'
import type { GpuDevice, GpuState, Reading, WorkstationState } from '../contract/state.ts'
import { problem } from '../engine/problems.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { reach } from './reach.ts'
import { print, printJson, printProblem } from './report.ts'
import { type Cli, type Session, withEngine } from './session.ts'
import { ago, columns, plain } from './words.ts'

export function addGpu(program: Command, cli: Cli): void {
	program
		.command('gpu')
		.argument('[workstation]', 'all of them when left out')
		.description('what the GPU does now')
		.option('--json', 'print it as JSON')
		.action((workstation: string | undefined, options: { json?: boolean }) =>
			withEngine(cli, options, async (session) => {
				const read: WorkstationState[] = []
				for (const name of namesOf(session, workstation)) {
					await reach(session, name)
					read.push(await session.client.call('readGpu', { workstation: name }))
				}
				const found = read.map(({ name, builtIn, gpu }) => ({ name, builtIn, gpu }))
				if (options.json) printJson(session.io, { workstations: found })
				else for (const one of found) printGpu(session, one)
				return Math.max(exitCodes.done, ...found.map(({ gpu }) => gpuExitCode(gpu)))
			}),
		)
}

/** @throws ProblemError `workstation-unknown` */
export function namesOf(session: Session, workstation: string | undefined): string[] {
	const known = Object.keys(session.state().workstations)
	if (workstation === undefined && known.length > 0) return known
	if (workstation !== undefined && known.includes(workstation)) return [workstation]
	throw new ProblemError(problem('workstation-unknown', { name: workstation ?? '', known }))
}

const gpuExitCode = (gpu: GpuState) => (gpu.status === 'absent' ? exitCodeOf(gpu.problem) : exitCodes.done)

function printGpu({ io }: Session, { name, gpu }: { name: string; gpu: GpuState }): void {
	if (gpu.status === 'absent') {
		print(io, plain(name))
		printProblem(io, gpu.problem)
		return
	}
	if (gpu.status === 'unknown') {
		print(io, `${plain(name)}: unknown`)
		return
	}
	const simulated = gpu.simulated ? ', simulated' : ''
	print(io, `${plain(name)}${simulated} · read ${ago(gpu.at, io.now())}`)
	for (const device of gpu.devices) {
		print(io, `  ${deviceText(device)}`)
		const own = gpu.processes.filter((process) => process.gpu === device.uuid)
		const rows = own.map((process) => [
			'   ',
			String(process.pid),
			reading(process.memoryMiB, 'MiB'),
			plain(process.name),
		])
		if (rows.length > 0) print(io, columns(rows))
	}
}

/** `RTX 4090 · 96 % · 17.2 of 24.0 GiB · 61 °C · 320 of 450 W` */
export function deviceText(device: GpuDevice): string {
	return [
		plain(device.name),
		reading(device.utilisation, '%'),
		both(device.memoryUsedMiB, device.memoryTotalMiB, 'GiB', (mebibytes) => (mebibytes / 1024).toFixed(1)),
		reading(device.temperature, '°C'),
		both(device.power, device.powerLimit, 'W', (watts) => watts.toFixed(0)),
	].join(' · ')
}

function both(used: Reading, most: Reading, unit: string, text: (value: number) => string): string {
	const say = (value: Reading) => ('value' in value ? text(value.value) : missing(value))
	return `${say(used)} of ${say(most)} ${unit}`
}

function reading(value: Reading, unit: string): string {
	return 'value' in value ? `${Math.round(value.value)} ${unit}` : `${missing(value)} ${unit}`
}

/** What the driver said instead of a number. */
const missing = (value: { missing: string }) => plain(value.missing) || 'unknown'
