import type { GpuDevice, GpuProcess, Reading, WorkstationState } from '../src/contract/state.ts'
import { Button } from './button.tsx'
import { useNow } from './clock.ts'
import { useDetail } from './details.tsx'
import { useHawserState } from './hawser.tsx'
import { Probes } from './probe-card.tsx'
import { Sparkline } from './sparkline.tsx'
import { TerminalButton } from './terminal-button.tsx'
import { ago, count, reading } from './words.ts'

/** A reading older than this is shown as late. */
const freshFor = 15_000

export function GpuCard({ workstation, several }: { workstation: WorkstationState; several: boolean }) {
	const now = useNow()
	const { gpu, link } = workstation
	const { summary } = useHawserState()
	const late = gpu.status !== 'unknown' && now - gpu.at > freshFor
	// Nothing was ever read and nothing is on its way: there is nothing to say.
	if (gpu.status === 'unknown' && (link.status === 'off' || link.status === 'stopped')) return null
	return (
		<section className={`card ${late ? 'late' : ''}`} aria-label={`GPU of ${workstation.name}`}>
			<h2>
				GPU{several && ` · ${workstation.name}`}
				<span className="aside">
					{gpu.status === 'unknown' ? 'not read yet' : `${late ? 'as of ' : ''}${ago(gpu.at, now)}`}
				</span>
			</h2>
			{gpu.status === 'unknown' && (
				<p className="quiet">
					{link.status === 'up' ? 'The first reading is on its way.' : 'Unknown until it is connected.'}
				</p>
			)}
			{gpu.status === 'absent' && (
				<>
					<p className="strong">{gpu.problem.title}</p>
					{summary.problem?.code !== gpu.problem.code && <p className="quiet">{gpu.problem.meaning}</p>}
				</>
			)}
			{gpu.status === 'read' && (
				<>
					{gpu.devices.map((device, index) => (
						<Device
							key={device.uuid}
							device={device}
							simulated={gpu.simulated}
							history={index === 0 ? workstation.utilisation : []}
						/>
					))}
					<Processes workstation={workstation.name} processes={gpu.processes} devices={gpu.devices} />
				</>
			)}
			<Probes workstation={workstation} />
			<div className="terminal-place">
				<TerminalButton
					wish={{ what: 'shell', workstation: workstation.name }}
					workstation={workstation.name}
					title="Open a shell there in your terminal"
					label="Open a shell…"
				/>
			</div>
		</section>
	)
}

interface DeviceProps {
	device: GpuDevice
	simulated: boolean
	history: WorkstationState['utilisation']
}

function Device({ device, simulated, history }: DeviceProps) {
	return (
		<div className="gpu">
			<h3>
				<span className="gpu-name" title={device.name}>
					{device.name.replace(/^NVIDIA (GeForce )?/, '')}
				</span>
				{simulated && <span className="chip">simulated</span>}
			</h3>
			<div className="gpu-spark">
				<Sparkline history={history} />
			</div>
			<MemoryBar used={device.memoryUsedMiB} total={device.memoryTotalMiB} />
			<dl className="facts">
				<Fact name="Memory" value={memoryWords(device.memoryUsedMiB, device.memoryTotalMiB)} />
				<Fact name="Use" value={reading(device.utilisation, '%')} missing={device.utilisation} />
				<Fact name="Temperature" value={reading(device.temperature, '°C')} missing={device.temperature} />
				<Fact name="Power" value={reading(device.power, 'W')} missing={device.power} />
			</dl>
		</div>
	)
}

/** The name of a number is heard, not seen, as its unit tells; where there is no number, it is shown. */
function Fact({ name, value, missing }: { name: string; value: string; missing?: Reading }) {
	const shown = missing !== undefined && 'missing' in missing
	return (
		<div className={`fact ${shown ? 'fact-missing' : ''}`}>
			<dt className={shown ? '' : 'sr'}>{name}</dt>
			<dd>{value}</dd>
		</div>
	)
}

const gib = (value: number) => (value / 1024).toFixed(1)

function memoryWords(used: Reading, total: Reading): string {
	if ('value' in used && 'value' in total) return `${gib(used.value)} / ${gib(total.value)} GiB`
	const one = 'value' in used ? `${gib(used.value)} GiB` : used.missing
	const other = 'value' in total ? `${gib(total.value)} GiB` : total.missing
	return one === other ? `Memory ${one}` : `${one} / ${other}`
}

function MemoryBar({ used, total }: { used: Reading; total: Reading }) {
	const known = 'value' in used && 'value' in total && total.value > 0
	const share = known ? Math.min(1, used.value / total.value) : 0
	return (
		<svg className="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">
			<rect className="bar-ground" width="100" height="6" />
			{known && <rect className="bar-fill" width={share * 100} height="6" />}
		</svg>
	)
}

interface ProcessesProps {
	workstation: string
	processes: GpuProcess[]
	devices: GpuDevice[]
}

function Processes({ workstation, processes, devices }: ProcessesProps) {
	const detail = useDetail(`processes:${workstation}`)
	if (processes.length === 0) return <p className="quiet small">No process uses it.</p>
	return (
		<>
			<Button kind="quiet" {...detail.trigger}>
				{count(processes.length, 'process', 'processes')}
				<span className="turn" aria-hidden="true" />
			</Button>
			{detail.isOpen && (
				<table className="processes" {...detail.panel}>
					<caption className="sr">Processes on the GPU</caption>
					<thead>
						<tr>
							<th scope="col">Process</th>
							{devices.length > 1 && <th scope="col">GPU</th>}
							<th scope="col" className="number">
								PID
							</th>
							<th scope="col" className="number">
								Memory
							</th>
						</tr>
					</thead>
					<tbody>
						{processes.map((process) => (
							<tr key={`${process.gpu} ${process.pid}`}>
								<td title={process.name}>{process.name.split('/').at(-1)}</td>
								{devices.length > 1 && (
									<td>{devices.find((device) => device.uuid === process.gpu)?.index ?? 'unknown'}</td>
								)}
								<td className="number">{process.pid}</td>
								<td className="number">{reading(process.memoryMiB, 'MiB')}</td>
							</tr>
						))}
					</tbody>
				</table>
			)}
		</>
	)
}
