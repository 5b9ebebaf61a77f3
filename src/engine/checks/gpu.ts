import type { GpuDevice } from '../../contract/state.ts'
import type { Check } from './check.ts'

const described = ({ index, name, memoryTotalMiB: memory }: GpuDevice) =>
	`${index}: ${name}${'value' in memory ? `, ${(memory.value / 1024).toFixed(0)} GiB` : ''}`

/** The driver answers and lists a device. */
export const gpu: Check = {
	id: 'gpu',
	title: 'GPU',
	dependsOn: ['login'],
	async check({ gpu: readGpu }) {
		const state = await readGpu()
		if (state.status === 'unknown') return { verdict: 'unknown', finding: 'not read' }
		if (state.status === 'absent') return { verdict: 'failing', finding: 'none', problem: state.problem }
		const names = new Set(state.devices.map((device) => device.name))
		const drivers = new Set(state.devices.map((device) => device.driver).filter((driver) => driver !== ''))
		const count = state.devices.length
		return {
			verdict: 'ok',
			finding: `${count === 1 ? '' : `${count} × `}${[...names].join(', ')}`,
			facts: {
				...(drivers.size > 0 ? { driver: [...drivers].join(', ') } : {}),
				devices: state.devices.map(described),
				...(state.simulated ? { readings: 'simulated' } : {}),
			},
		}
	},
}
