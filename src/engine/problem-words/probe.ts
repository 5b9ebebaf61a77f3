import { openConfig } from '../next-steps.ts'
import { typed } from '../quote.ts'
import { type Catalogue, waits } from './catalogue.ts'

/** A name that begins with a dash would be taken for an option. */
const named = (project: string) => `${project.startsWith('-') ? '-- ' : ''}${typed(project)}`

/** The probe of Python, PyTorch and TiRex, and coding agents, terminals, messages. */
export const probeWords = {
	'python-missing': (f) => ({
		title: 'No Python was found for the project',
		meaning: `Looked for a virtual environment in ${f('folder')}, conda, uv, python3 and python. Name one in the settings: validation.python.`,
		next: openConfig,
		...waits,
	}),
	'python-failed': (f) => ({
		title: 'Python could not be asked',
		meaning: `${f('command')} said: ${f('said')}.`,
		...waits,
	}),
	'torch-missing': (f) => ({
		title: 'PyTorch is not installed in this Python',
		meaning: `${f('python')} has no torch. That is fine for a project without it; else install it there.`,
	}),
	'torch-cpu-only': (f) => ({
		title: 'This PyTorch was built for the CPU only',
		meaning: `torch ${f('version')} has no CUDA in it, so it cannot see a GPU. Install a build for CUDA ${f('cuda')} or older.`,
		...waits,
	}),
	'torch-driver-old': (f) => ({
		title: 'The driver is too old for this PyTorch',
		meaning: `torch was built for CUDA ${f('build')}, and driver ${f('driver')} goes up to CUDA ${f('cuda')}. Update the driver, or install a torch for CUDA ${f('cuda')}.`,
		...waits,
	}),
	'torch-driver-mismatch': () => ({
		title: 'The driver and its library are of different versions',
		meaning:
			'The driver was updated, and the old one is still loaded. Restart the workstation, or reload its nvidia modules.',
		...waits,
	}),
	'torch-no-capability': (f) => ({
		title: `This PyTorch has no code for ${f('device')}`,
		meaning: `The card has compute capability ${f('capability')}; this build has ${f('built')}. Install a torch that was built for it.`,
		...waits,
	}),
	'torch-wrong-result': (f) => ({
		title: 'The GPU computes something else than the CPU',
		meaning: `A matrix multiplied on both differs by ${f('error')}. Look at the card's memory errors (nvidia-smi -q) and at the driver.`,
		...waits,
	}),
	'torch-failed': (f) => ({
		title: 'PyTorch could not use the GPU',
		meaning: `It said: ${f('said')}.`,
		...waits,
	}),
	'tirex-missing': (f) => ({
		title: 'TiRex is not installed in this Python',
		meaning: `${f('python')} has no tirex. That is fine for a project without it; else: pip install tirex-ts.`,
	}),
	'tirex-failed': (f) => ({
		title: 'TiRex could not make a forecast',
		meaning: `It said: ${f('said')}.`,
		...waits,
	}),
	'tirex-not-finite': () => ({
		title: 'TiRex’s forecast is not made of numbers',
		meaning:
			'A forecast of a short series held values that are none. Its weights or its kernels do not fit this card or this torch.',
		...waits,
	}),
	'agent-unset': (f) => ({
		title: `${f('project')} has no coding agent in its settings`,
		meaning: 'Add "agent": {} to the project for Claude Code, or name another command.',
	}),
	'agent-missing': (f) => ({
		title: `${f('command')} is not found on the workstation`,
		meaning: 'It is not on the PATH of a login there. Read how it is installed, and run that there yourself.',
		...(f('install') !== 'unknown'
			? { next: { kind: 'copy', label: 'Copy the command', text: f('install') } }
			: {}),
		...waits,
	}),
	'agent-login': (f) => {
		const isMac = f('how') !== 'none'
		const project = named(f('project'))
		const attach = `hawser agent start ${project} && hawser agent attach ${project}`
		return {
			title: `${f('command')} is not logged in on the workstation`,
			meaning: isMac
				? `A Mac keeps its login in the keychain, and that stays locked for whoever comes over SSH. Unlock it in the agent’s session and log in there; or make a token with "claude setup-token" and set it as CLAUDE_CODE_OAUTH_TOKEN in the Mac’s login profile: that needs no keychain.`
				: 'There is neither a login of it nor a key or a token in a login’s environment. No browser opens over SSH: start it and attach to it once, open the address that it shows on this laptop, and paste the code that you get into its session. The login stays.',
			next: {
				kind: 'copy',
				label: 'Copy the command',
				text: isMac ? 'security unlock-keychain' : attach,
			},
			...waits,
		}
	},
	'agent-no-tmux': () => ({
		title: 'The workstation has no tmux',
		meaning: 'A coding agent lives in a tmux session, so that it goes on without you. Install tmux there.',
		...waits,
	}),
	'agent-going': (f) => ({
		title: 'The agent is at work',
		meaning: `It runs in ${f('worktree')}. Its commits can be brought back; its uncommitted files stay there.`,
	}),
	'agent-idle': (f) => ({
		title: `The agent of ${f('project')} is not running`,
		meaning: 'There is no session of it on the workstation to attach to. Start it first.',
	}),
	'agent-waits': (f) => ({
		title: `${f('command')} waits for you`,
		meaning: `The agent of ${f('project')} on ${f('workstation')} has asked something, and goes on when it is answered. Attach to its session.`,
		next: {
			kind: 'attach-agent',
			label: 'Attach…',
			project: f('project'),
			text: `hawser agent attach ${named(f('project'))}`,
		},
		...waits,
	}),
	'folder-missing': (f) => ({
		title: `${f('path')} is not there on the workstation`,
		meaning: `A terminal of ${f('project')} opens in that folder. Set the project up, or correct its remote path in the settings.`,
		next: openConfig,
		...waits,
	}),
	'terminal-unknown': (f) => ({
		title: 'No terminal opened',
		meaning: `${f('said')}. Name yours in the settings: terminal.`,
		...waits,
	}),
	'pty-unknown': () => ({
		title: 'This terminal has ended',
		meaning: 'Open a new one.',
	}),
	'webhook-failed': (f) => ({
		title: 'A notice could not be sent to the webhook',
		meaning: `${f('host')} said: ${f('said')}. Tries made: ${f('tries')}. Notices are shown here all the same; look at notices.webhook in the settings.`,
	}),
} satisfies Catalogue
