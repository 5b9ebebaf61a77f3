import { type Catalogue, waits } from './catalogue.ts'

/** Runs. */
export const runsWords = {
	'run-in-progress': (f) => ({
		title: 'A run of this project is still going',
		meaning: `${f('run')} runs on the workstation. Wait for its end or cancel it; nothing was changed.`,
		...waits,
	}),
	'run-failed': (f) => ({
		title: `The run failed with exit code ${f('exitCode')}`,
		meaning: `Its last line: ${f('lastLine')}`,
	}),
	'run-killed': (f) => ({
		title: `The run was killed by ${f('signal')}`,
		meaning: `${f('why')}. Its last line: ${f('lastLine')}`,
	}),
	'run-timed-out': (f) => ({
		title: `The run was stopped at its limit of ${f('limit')}`,
		meaning: `It was told to end, and its processes were ended. Raise the limit in the settings, or make it shorter. Its last line: ${f('lastLine')}`,
	}),
	'run-lost': (f) => ({
		title: 'The run is gone and left no exit code',
		meaning: `${f('reason')}. Its log up to then is kept.`,
	}),
	'run-cancelled': () => ({
		title: 'The run was cancelled',
		meaning: 'Its log and what it wrote are still on the workstation.',
	}),
	'run-not-started': (f) => ({
		title: 'The run could not be started',
		meaning: `The workstation said: ${f('reason')}.`,
	}),
	'run-never-began': (f) => ({
		title: 'The run never began',
		meaning: `The link was lost while ${f('run')} was being started, and the workstation has nothing of it. Nothing runs; start it again.`,
	}),
	'run-going': (f) => ({
		title: 'The run is still going',
		meaning: `${f('run')} has not ended; only what has ended is taken away. Cancel it first.`,
	}),
	'log-out-ends-runs': (f) => ({
		title: 'This workstation ends what you started when you log out',
		meaning: `systemd there has KillUserProcesses on, and lingering is off for ${f('user')}: what is started there would end with the connection. Nothing was started. Turn lingering on there once, or start it anyway.`,
		next: { kind: 'copy', label: 'Copy the command', text: `loginctl enable-linger ${f('user')}` },
		...waits,
	}),
	'parameter-unknown': (f) => ({
		title: `There is no parameter ${f('name')}`,
		meaning: `The settings of ${f('project')} have these: ${f('known')}. Nothing was started.`,
	}),
	'parameter-missing': (f) => ({
		title: `The command needs a value for ${f('name')}`,
		meaning: `It stands as {${f('name')}} in the command of ${f('project')}, and the settings give it no value. Give one, or add it to the project's parameters.`,
	}),
	'runner-cannot': (f) => ({
		title: `${f('runner')} cannot do that`,
		meaning: `${f('what')}. Choose another runner in the settings for that, or leave it out.`,
	}),
	'slurm-missing': (f) => ({
		title: 'Slurm is not found on the workstation',
		meaning: `The runner is slurm, and ${f('tool')} is not on the PATH of a login there. Log in to the cluster's login node, or choose another runner in the settings.`,
		...waits,
	}),
	'slurm-refused': (f) => ({
		title: 'Slurm did not take the run',
		meaning: `sbatch said: ${f('said')}. Nothing was started; look at the project's partition, account and options.`,
		...waits,
	}),
	'slurm-silent': () => ({
		title: 'Slurm’s controller does not answer',
		meaning: 'The runs there may go on; what became of them is asked again by itself.',
	}),
} satisfies Catalogue
