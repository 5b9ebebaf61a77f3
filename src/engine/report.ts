import type { Facts, Problem, ProblemCode } from '../contract/problem.ts'
import type { GpuState, LinkState, Rung, State, WorkstationState } from '../contract/state.ts'
import { factText } from './fact-text.ts'
import { problem } from './problems.ts'

/** In place of what others need not see. */
const left = '…'

/** Facts of problems that may be told: none of them holds a path, a user's name, a command or what a program said. */
const tellable = new Set([
	'host',
	'port',
	'seconds',
	'device',
	'network',
	'node',
	'version',
	'needed',
	'tool',
	'disables',
	'keyType',
	'fingerprint',
	'age',
	'free',
	'off',
	'lack',
])
/** The same for one code: here the path leads through the settings, not through a disk. */
const alsoTellable: Partial<Record<ProblemCode, readonly string[]>> = { 'config-invalid': ['path'] }

/** Whether it can be a file's path, in whole or in part, or somebody's address. */
const mayBePath = (value: string) => /(^|\s)[~/.]|[@\\]|[^\s/]\/[^\s/]*\//.test(value)

/**
 * What may go into a text for others: paths and what stands before an @ are left out. Addresses with a port or a prefix
 * (`10.1.2.3/16`) stay, fingerprints too.
 */
function scrub(text: string): string {
	return (
		text
			// Of a page only where it lies: what follows may be a token.
			.replaceAll(
				/\b([a-z][\w+.-]*:\/\/)(?:[^\s/@]*@)?([^\s/?#'"”]*)[^\s'"”]*/gi,
				(_all, scheme, host) => `${scheme}${host}`,
			)
			.replaceAll(/[^\s@,;:'"“”([]+@(?=[\w[])/g, `${left}@`)
			.replaceAll(
				/(^|[\s'"“”(=:,[])(?:~|\.{0,2}\/(?!\/))[^'"“”),;\n]*/g,
				(_all, before) => `${before}${left}`,
			)
	)
}

/** Said anew from what may be told: the words of the problem itself are made of all its facts. */
function told({ code, facts }: Problem): Problem {
	const safe: Facts = {}
	for (const [name, value] of Object.entries(facts)) {
		const may = tellable.has(name) || alsoTellable[code]?.includes(name)
		safe[name] = may && !mayBePath(fingerprintLess(factText(value))) ? value : left
	}
	return problem(code, safe)
}

/** A fingerprint may hold slashes. */
const fingerprintLess = (text: string) => text.replaceAll(/\b(SHA256|MD5):[\w+/=:]+/g, '')

function problemLines(found: Problem, indent: string): string[] {
	const { code, title, meaning, next } = told(found)
	const lines = [`${indent}problem: ${code}: ${title}`, `${indent}  ${meaning}`]
	// A command's own words may hold a path; that there is one is enough here.
	if (next) lines.push(`${indent}  next: ${next.kind === 'copy' ? 'a command to copy' : next.label}`)
	return lines
}

/**
 * A text for a colleague who helps: versions, and what every rung of every line found. Pure. No paths, user names, keys,
 * code, commands or output of runs; host keys' fingerprints, hosts and ZeroTier's ids are in it. `system` says what
 * this laptop runs; `now` in ms since the epoch.
 */
export function reportText(state: State, system: string, now: number): string {
	const { app, config, summary } = state
	const lines = [`Hawser ${app.version}, ${new Date(now).toISOString()}`, scrub(system)]
	lines.push(
		`Summary: ${summary.glyph}, ${summary.problem ? told(summary.problem).title : scrub(summary.line)}`,
	)
	if (config.problem) lines.push('Settings:', ...problemLines(config.problem, '  '))
	for (const workstation of Object.values(state.workstations))
		lines.push('', ...workstationLines(workstation, now))
	return `${lines.map((line) => line.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')).join('\n')}\n`
}

function workstationLines(
	{ name, builtIn, link, peer, rungs, gpu }: WorkstationState,
	now: number,
): string[] {
	const lines = [`${scrub(name)}${builtIn ? ' (built in)' : ''}: ${linkSentence(link, now)}`]
	if ('problem' in link && link.problem) lines.push(...problemLines(link.problem, '  '))
	if (peer) {
		const heard = peer.heardAt === null ? 'never heard' : `heard ${since(peer.heardAt, now)} ago`
		const trip = peer.latencyMs === null ? '' : `, ${Math.round(peer.latencyMs)} ms`
		lines.push(`  over ZeroTier: ${peer.path}${trip}, ${heard}`)
	}
	return [...lines, ...rungs.flatMap((rung) => rungLines(rung, now)), ...gpuLines(gpu, now)]
}

function rungLines(rung: Rung, now: number): string[] {
	const age = rung.at === null ? 'never probed' : `${since(rung.at, now)} ago`
	const finding = rung.problem?.title === rung.finding ? told(rung.problem).title : scrub(rung.finding)
	const lines = [`  ${rung.title}: ${rung.verdict}${finding ? `, ${finding}` : ''} (${age})`]
	for (const [name, value] of Object.entries(rung.facts)) {
		// Where somebody's machine is on the internet helps nobody who reads this.
		if (rung.id === 'zerotier-peer' && name === 'endpoint') continue
		const text = name === 'fingerprint' ? factText(value) : scrub(factText(value))
		if (text !== left) lines.push(`    ${scrub(name)}: ${text}`)
	}
	return rung.problem ? [...lines, ...problemLines(rung.problem, '    ')] : lines
}

function gpuLines(gpu: GpuState, now: number): string[] {
	if (gpu.status === 'unknown') return ['  GPU readings: none']
	if (gpu.status === 'absent') return problemLines(gpu.problem, '  ')
	return gpu.devices.map(({ index, name, driver, utilisation }) => {
		const use = 'value' in utilisation ? `${utilisation.value} %` : scrub(utilisation.missing)
		const made = gpu.simulated ? ', simulated' : ''
		return `  GPU ${index}: ${scrub(name)}, driver ${scrub(driver)}, ${use}${made} (${since(gpu.at, now)} ago)`
	})
}

/** The link in one sentence. */
function linkSentence(link: LinkState, now: number): string {
	switch (link.status) {
		case 'off':
			return 'not connected'
		case 'waiting':
			return `waits for a network for ${since(link.since, now)}`
		case 'dialling':
			return `connecting, try ${link.attempt}, for ${since(link.since, now)}`
		case 'host-key':
			return link.question
				? `its host key (${link.question.keyType} ${link.question.fingerprint}) waits for an answer`
				: 'its host key is being checked'
		case 'login':
			return link.question ? `its login waits for a person (${link.question.kind})` : 'logging in'
		case 'up': {
			const { endpoint, through, transport, latencyMs } = link
			const hops = through.length > 0 ? ` through ${through.map(scrub).join(', ')}` : ''
			const speaks = transport.kind === 'ssh2' ? 'ssh2' : `the system’s ssh (${scrub(transport.reason)})`
			const trip = latencyMs === null ? '' : `, round trip ${Math.round(latencyMs)} ms`
			return `connected to ${scrub(endpoint)}${hops} for ${since(link.since, now)}, by ${speaks}${trip}`
		}
		case 'lost':
			return `not reachable for ${since(link.since, now)}, next try in ${since(now, link.nextTryAt)}`
		case 'stopped':
			return `stopped ${since(link.since, now)} ago, waits for a person`
	}
}

/** `12 s`, `5 min`, `3 h`, `4 d`; never negative. */
function since(from: number, to: number): string {
	const seconds = Math.max(0, Math.floor((to - from) / 1000))
	if (seconds < 60) return `${seconds} s`
	if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
	if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`
	return `${Math.floor(seconds / 86_400)} d`
}
