import { networkInterfaces } from 'node:os'
import { problem } from '../problems.ts'
import type { Check } from './check.ts'
import { isLoopback } from './loopback.ts'

/** This laptop has an address that leads somewhere. */
export const network: Check = {
	id: 'network',
	title: 'Network',
	dependsOn: [],
	async check({ workstation }) {
		if (isLoopback(workstation.ssh.host)) return { verdict: 'ok', finding: 'on this machine' }
		for (const [name, addresses] of Object.entries(networkInterfaces())) {
			const found = addresses?.find((address) => !address.internal && !address.address.startsWith('fe80:'))
			if (found) return { verdict: 'ok', finding: name }
		}
		return { verdict: 'failing', finding: 'no network', problem: problem('network-down', {}) }
	},
}
