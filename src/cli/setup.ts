import type { Command } from 'commander'
import { ProblemError } from '../contract/client.ts'
import { builtInName } from '../contract/config.ts'
import type { ProjectState } from '../contract/state.ts'
import { addToSettings } from '../engine/config-add.ts'
import { projectEntry, settingsPath } from '../engine/git/setup-defaults.ts'
import { problem } from '../engine/problems.ts'
import { exitCodeOfOutcome } from './exit-codes.ts'
import { follow } from './follow.ts'
import { progressFor } from './progress.ts'
import { reach, workstationOf } from './reach.ts'
import { note } from './report.ts'
import { type Cli, type Session, withEngine } from './session.ts'
import { printOutcome } from './sync.ts'
import { plain } from './words.ts'

interface SetupOptions {
	local?: string
	workstation?: string
	remote?: string
	name?: string
	hub?: string
	base?: string
	validation?: string
	command?: string
	json?: boolean
}

export function addSetup(program: Command, cli: Cli): void {
	program
		.command('setup')
		.argument('[project]', 'may be left out when there is one')
		.description('make what a project needs on both sides, and adopt what is there')
		.option('--local <folder>', 'a repository that is not in the settings yet: adds it first')
		.option('--workstation <name>', 'with --local: where it runs')
		.option('--command <line>', 'with --local: the command that validates')
		.option('--name <name>', 'with --local: what it is called (default: as its folder)')
		.option('--remote <folder>', 'with --local: its folder on the workstation (default: ~ and its name)')
		.option(
			'--hub <remote>',
			'with --local: the remote both sides share, or direct (default: origin, if any)',
		)
		.option('--base <branch>', 'with --local: the branch you develop on (default: as the hub says)')
		.option('--validation <branch>', 'with --local: the branch that is validated (default: gpu-validation)')
		.option('--json', 'print facts as JSON; the last line is the outcome')
		.action((project: string | undefined, options: SetupOptions) =>
			withEngine(cli, options, async (session) => {
				const name = await named(session, project, options)
				const workstation = workstationOf(session.state(), name)
				if (workstation !== null) await reach(session, workstation)
				return await setUpAndWait(session, name, options.json)
			}),
		)
}

const ofNewProject = ['workstation', 'command', 'name', 'remote', 'hub', 'base', 'validation'] as const

function wrongUse(option: string, message: string): ProblemError {
	return new ProblemError(problem('input-invalid', { command: option, message }))
}

/** The project that is meant; one that is new is in the settings then, and the engine knows it. */
async function named(
	session: Session,
	project: string | undefined,
	{ local, ...options }: SetupOptions,
): Promise<string | undefined> {
	if (local === undefined) {
		const stray = ofNewProject.find((option) => options[option] !== undefined)
		if (stray) throw wrongUse(`--${stray}`, 'it belongs to a new project, which --local names')
		return project
	}
	const { workstation, command, name = project } = options
	const { config, projects, workstations } = session.state()
	if (config.problem) throw new ProblemError(config.problem)
	if (workstation === undefined)
		throw wrongUse(
			'--workstation',
			`it is needed; there is ${Object.keys(workstations).join(', ') || 'none yet'}`,
		)
	const there = Object.values(projects).find(
		(one) => one.workstation === workstation && sameFolder(one, local) && (name ?? one.name) === one.name,
	)
	if (there) {
		note(session.io, `${plain(there.name)} is in the settings already.`)
		return there.name
	}
	if (!workstations[workstation] && workstation !== builtInName)
		throw new ProblemError(
			problem('workstation-unknown', { name: workstation, known: Object.keys(workstations) }),
		)
	if (command === undefined)
		throw wrongUse('--command', 'it is needed: the line that validates, such as "python -m validate"')
	const entry = await projectEntry({ ...options, local, workstation, command, name })
	if (projects[entry.name])
		throw wrongUse('--name', `there is a project ${entry.name} already; give it another`)
	await addToSettings(config.path, entry)
	note(session.io, `Added ${plain(entry.name)} to ${plain(config.path)}`)
	await known(session, entry.name)
	return entry.name
}

const sameFolder = ({ local }: ProjectState, folder: string) => settingsPath(local) === settingsPath(folder)

/** The engine watches the file. */
async function known(session: Session, name: string): Promise<void> {
	const found = await session.until(({ projects, config }) => {
		if (config.problem) throw new ProblemError(config.problem)
		return projects[name]
	}, 20_000)
	if (!found)
		throw new ProblemError(problem('project-unknown', { name, known: Object.keys(session.state().projects) }))
}

async function setUpAndWait(
	session: Session,
	project: string | undefined,
	json: boolean | undefined,
): Promise<number> {
	const progress = progressFor(session.io, json)
	session.farewell = () => {
		progress.end()
		return 'Left. What was set up stays; starting again goes on from there.'
	}
	const { operation } = await session.client.call('setUpProject', { project })
	const outcome = await follow(session, operation, progress)
	printOutcome(session.io, outcome, json)
	return exitCodeOfOutcome(outcome)
}
