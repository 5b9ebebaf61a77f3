import type { Check } from './check.ts'

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
		const count = state.devices.length
		return { verdict: 'ok', finding: `${count === 1 ? '' : `${count} × `}${[...names].join(', ')}` }
	},
}
