import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { AgentState } from '../../src/contract/agent.ts'
import type { CommandInput } from '../../src/contract/commands.ts'
import { agentSessionName } from '../../src/engine/terminals/tmux-name.ts'
import { type EngineUnderTest, startEngine } from './engine.ts'
import { cleanups, server } from './linked.ts'
import { makeRepositories, type Repositories } from './repositories.ts'
import { until } from './run-home.ts'
import type { Sshd, SshdOptions } from './sshd.ts'

/**
 * Stands in for Claude Code, which cannot run here: a program of that name on the PATH of a login. It does what is typed
 * into its session, a word a line, and shows what it does. `ask` shows a dialog in the shape of Claude Code's.
 */
const standIn = `#!/bin/sh
case $1 in --version) echo '9.9.9 (stand-in)'; exit ;; esac
echo "at work in $(pwd) with $*"
while read -r word rest; do
	case $word in
	commit) echo "$rest" >"$rest" && git add -- "$rest" && git commit -qm "Write $rest" && echo "wrote $rest" ;;
	touch) : >"$rest" && echo "left $rest" ;;
	ask) printf 'Do you want to proceed?\\n\\342\\235\\257 1. Yes\\n  2. No\\n' ;;
	bell) printf 'done\\007\\n' ;;
	deaf) trap '' TERM HUP INT && echo "deaf as $$;" && while :; do sleep 1; done ;;
	exit) exit "$rest" ;;
	*) echo "working: $word" ;;
	esac
done
`

export interface AgentBed extends Repositories {
	engine: EngineUnderTest
	sshd: Sshd
	/** Where the settings lie. */
	dataFolder: string
	project: string
	/** The agent's worktree. */
	tree: string
	agent(): AgentState | null
	/** What is known of one that is not absent. */
	present(): Extract<AgentState, { branch: string }>
	/** Types a line into the agent's session. */
	type(line: string): Promise<void>
	screen(): Promise<string>
	tmux(...args: string[]): Promise<string>
	ended(command: 'bringAgent' | 'undo' | 'up', input?: CommandInput<'bringAgent'>): ReturnType<typeof wait>
}

const execute = promisify(execFile)
const wait = async (engine: EngineUnderTest, command: 'bringAgent' | 'undo' | 'up', input: object) => {
	const { operation } = await engine.call(command, input)
	return await engine.call('waitOperation', { operation })
}

export interface AgentBedOptions extends SshdOptions {
	project?: string
	/** Folders in the workstation's home. */
	clone?: string
	worktree?: string
	agent?: object
	git?: object
	/** False: no program of that name is there. */
	installed?: boolean
	/** More of the login's profile. */
	profile?: string
}

/** A real engine, sshd, git and tmux, with the stand-in on the workstation's PATH. */
export async function agentBed(options: AgentBedOptions = {}): Promise<AgentBed> {
	const folder = await mkdtemp(join(tmpdir(), 'hawser-agent-'))
	cleanups.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }))
	const sshd = await server(options)
	const clone = options.clone ?? 'nt'
	const names = {
		base: 'master',
		validation: 'gpu-validation',
		laptop: 'nt',
		clone,
		worktree: `${clone}-gpu`,
	}
	const repositories = await makeRepositories(folder, sshd.home, names, { 'model.py': 'one\n' })
	const project = options.project ?? 'nt'
	await mkdir(join(sshd.home, 'bin'))
	await writeFile(
		join(sshd.home, '.profile'),
		`echo 'Welcome back'; export PATH="$HOME/bin:$PATH"\n${options.profile ?? ''}\n`,
	)
	if (options.installed !== false) await install(sshd, 'claude')
	const dataFolder = join(folder, 'data')
	await mkdir(dataFolder)
	const settings = {
		workstations: [{ name: 'lab', ssh: sshd.ssh }],
		projects: [
			{
				name: project,
				workstation: 'lab',
				local: repositories.laptop,
				remote: `~/${clone}`,
				validation: { command: 'true' },
				git: options.git ?? {},
				agent: { ...(options.worktree ? { worktree: `~/${options.worktree}` } : {}), ...options.agent },
			},
		],
	}
	await writeFile(join(dataFolder, 'config.json'), JSON.stringify(settings))
	const engine = await startEngine({ dataFolder })
	cleanups.push(() => engine.dispose())
	const env = { PATH: process.env.PATH, HOME: sshd.home, TMUX_TMPDIR: sshd.folder }
	const tmux = async (...args: string[]) => (await execute('tmux', ['-u', ...args], { env })).stdout
	const session = `=${agentSessionName(project)}:`
	const agent = () => engine.state().projects[project]?.agent ?? null
	await engine.call('ready', {})
	return {
		...repositories,
		engine,
		sshd,
		dataFolder,
		project,
		tree: join(sshd.home, options.worktree ?? `${clone}-agent`),
		agent,
		present() {
			const state = agent()
			if (!state || !('branch' in state)) throw new Error(`it is ${state?.status}`)
			return state
		},
		async type(line) {
			await tmux('send-keys', '-t', session, '-l', line)
			await tmux('send-keys', '-t', session, 'Enter')
		},
		screen: () => tmux('capture-pane', '-p', '-t', session),
		tmux,
		ended: (command, input = {}) => wait(engine, command, input),
	}
}

export async function install(sshd: Sshd, name: string): Promise<void> {
	await writeFile(join(sshd.home, 'bin', name), standIn)
	await chmod(join(sshd.home, 'bin', name), 0o755)
}

/** Settles when the agent's screen shows it; bounded. */
export const shows = (bed: AgentBed, words: string) => until(async () => (await bed.screen()).includes(words))

/** Settles when the state says that of it, read by the watch or as asked; bounded. */
export const becomes = (bed: AgentBed, status: AgentState['status']) =>
	until(() => bed.agent()?.status === status)
