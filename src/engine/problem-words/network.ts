import { isSafeUrl, type NextStep } from '../../contract/problem.ts'
import { copy, copySteps, retry } from '../next-steps.ts'
import { type Catalogue, waits } from './catalogue.ts'

const restart: NextStep = { kind: 'restart-zerotier', label: 'Restart ZeroTier' }

/** This laptop's network, and ZeroTier on it. */
export const networkWords = {
	'network-down': () => ({
		title: 'This laptop has no network',
		meaning: 'There is no route to anywhere. It connects by itself when there is one.',
	}),
	'network-no-route': (f) => ({
		title: 'This laptop’s network leads nowhere',
		meaning: `${f('device')} is up, but there is no default route. Only machines on the same network can be reached.`,
		next: retry,
	}),
	'captive-portal': (f) => ({
		title: 'This network wants you to log in first',
		meaning: `A page of the network answered in place of ${f('host')}. Open any web page in a browser and log in there; it then connects by itself.`,
		next: retry,
		...waits,
	}),
	'zerotier-not-installed': () => ({
		title: 'ZeroTier is not installed on this laptop',
		meaning:
			'A workstation that is reached through ZeroTier needs it. Install ZeroTier One and join the network.',
		next: retry,
		...waits,
	}),
	'zerotier-not-running': (f) => ({
		title: 'ZeroTier is not running on this laptop',
		meaning: `Nothing answers on 127.0.0.1:${f('port')}. The workstation is reached through it.`,
		next: restart,
	}),
	'zerotier-token-missing': (f) => ({
		title: 'ZeroTier runs, but its networks cannot be read',
		meaning: `There is no token at ${f('path')}. If ZeroTier keeps it elsewhere, name its file as zerotier.tokenFile in the settings. Without it only the SSH port tells whether the network holds.`,
	}),
	'zerotier-token-unreadable': (f) => ({
		title: 'ZeroTier runs, but its networks cannot be read',
		meaning: `${f('path')} belongs to the administrator. One command makes a copy that only you can read.`,
		next: copySteps('Copy the command', ...grantSteps(f)),
	}),
	'zerotier-token-wrong': (f) => ({
		title: 'ZeroTier does not accept the token',
		meaning: `The copy at ${f('path')} is older than the service. One command renews it.`,
		next: copySteps('Copy the command', ...grantSteps(f)),
	}),
	'zerotier-garbled': (f) => ({
		title: 'ZeroTier’s answer is not understood',
		meaning: `${f('reason')}. Another program may listen on its port.`,
	}),
	'zerotier-offline': () => ({
		title: 'ZeroTier is offline',
		meaning:
			'Its service runs, but reaches none of its roots, whatever its networks say. Check this laptop’s own network first.',
		next: restart,
	}),
	'zerotier-not-joined': (f) => {
		const named = f('network') !== 'unknown'
		const network = named ? `the ZeroTier network ${f('network')}` : 'any ZeroTier network'
		return {
			title: `This laptop is not on ${network}`,
			meaning: 'Join it, then let the network’s admin authorise this node.',
			...(named && { next: copy('Copy the command that joins it', 'hawser', 'zt', 'join', f('network')) }),
			...waits,
		}
	},
	'zerotier-requesting': (f) => ({
		title: `ZeroTier waits for the network ${f('network')}`,
		meaning:
			'It has asked for its configuration and has none yet. That is normal for some seconds; longer, the network’s controller does not answer.',
		next: retry,
	}),
	'zerotier-denied': (f) => ({
		title: `The ZeroTier network ${f('network')} does not let this laptop in`,
		meaning: `The network’s admin has to authorise the node ${f('node')}.`,
		next: copy('Copy this node’s id for the admin', f('node')),
		...waits,
	}),
	'zerotier-not-found': (f) => ({
		title: `There is no ZeroTier network ${f('network')}`,
		meaning: 'Its controller says so. Check the network’s id in the settings, or ask its admin.',
		...waits,
	}),
	'zerotier-port-error': (f) => ({
		title: 'ZeroTier could not make its network interface',
		meaning: `The network ${f('network')} reports PORT_ERROR. Restarting ZeroTier usually mends it.`,
		next: restart,
	}),
	'zerotier-client-too-old': (f) => ({
		title: 'ZeroTier on this laptop is too old for its network',
		meaning: `Version ${f('version')} is refused by the network ${f('network')}. Update ZeroTier One.`,
		...waits,
	}),
	'zerotier-authentication': (f) => ({
		title: `The ZeroTier network ${f('network')} wants you to log in`,
		meaning:
			'Its admin asks for a single sign-on from time to time. Log in with the browser; it then connects by itself.',
		// The service may have no address yet, or one that is not to be opened.
		...(isSafeUrl(f('url')) && { next: { kind: 'open-url', label: 'Log in', url: f('url') } as const }),
		...waits,
	}),
	'zerotier-no-address': (f) => ({
		title: `ZeroTier gives this laptop no address on ${f('network')}`,
		meaning: `The network says OK, but ${f('lack')}. Restarting ZeroTier usually mends it.`,
		next: restart,
	}),
	'zerotier-peer-silent': (f) => ({
		title: 'ZeroTier is up, but the workstation is silent on it',
		meaning: `Nothing came from its node ${f('node')} for ${f('age')}. It may be off or asleep; if it is not, restarting ZeroTier here often helps.`,
		next: restart,
	}),
	'zerotier-restart-failed': (f) => ({
		title: 'ZeroTier could not be restarted',
		meaning: `The system said: ${f('reason')}. By hand, in a terminal, this is the usual command; where ZeroTier was started another way, restart it that way.`,
		next: copy('Copy the command', ...f('command').split(' ')),
	}),
	'zerotier-join-failed': (f) => ({
		title: `The network ${f('network')} could not be joined`,
		meaning: `ZeroTier’s service said: ${f('reason')}.`,
	}),
} satisfies Catalogue

/** Makes a readable copy of the service's token in the place where its own tool looks for one. */
function grantSteps(f: (name: string) => string): string[][] {
	const folder = f('copy').replace(/\/[^/]*$/, '')
	return [
		['mkdir', '-p', '--', folder],
		['sudo', 'install', '-m', '600', '-o', f('user'), '--', f('source'), f('copy')],
	]
}
