// `npm test`: all the set-up, then every check, then one plain line that counts. Plain JavaScript for
// any Node from 20 on: it installs the Node that runs the rest. On Debian as root it also installs the
// system packages that the tests speak to; elsewhere it says what is missing and what is skipped for it.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { installDependencies, pinnedNode, root } from './dependencies.mjs'

/** Program, its Debian package, its Homebrew formula, and what cannot be tested without it. */
const programs = [
	['sshd', 'openssh-server', null, 'everything against a real SSH server'],
	['ssh', 'openssh-client', null, 'the system ssh against the built-in workstation'],
	['git', 'git', 'git', 'everything about git'],
	['rsync', 'rsync', 'rsync', 'rsync over the link'],
	['tmux', 'tmux', 'tmux', 'runs in tmux'],
	['chromium', 'chromium', '--cask chromium', 'the window in a real browser'],
	['Xvfb', 'xvfb', null, 'the Electron app on Linux'],
	['shellcheck', 'shellcheck', 'shellcheck', 'the check of the shell scripts'],
	['slurmctld', 'slurm-wlm', null, 'runs in a real Slurm'],
	['munged', 'munge', null, 'runs in a real Slurm'],
	['fish', 'fish', 'fish', 'a workstation whose login shell is fish'],
	['tcsh', 'tcsh', null, 'a workstation whose login shell is tcsh'],
	['zsh', 'zsh', null, 'a workstation whose login shell is zsh'],
]

const searchPath = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin']
const has = (program) =>
	searchPath.some((folder) => folder !== '' && existsSync(join(folder, program))) ||
	(program === 'chromium' && existsSync('/Applications/Chromium.app'))

function installPrograms() {
	const missing = () => programs.filter(([program]) => !has(program))
	const packages = missing().map(([, debian]) => debian)
	const isRoot = process.getuid?.() === 0
	if (packages.length === 0) {
		// All there.
	} else if (existsSync('/etc/debian_version') && isRoot) {
		console.log(`Installing ${packages.join(', ')}`)
		const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
		for (const args of [
			['update', '-q'],
			['install', '-y', '-q', '--no-install-recommends', ...packages],
		]) {
			const { status } = spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
			if (status !== 0) break
		}
	} else if (process.platform === 'darwin') {
		const formulas = missing().flatMap(([, , brew]) => brew ?? [])
		if (formulas.length > 0) console.log(`Missing. Install with: brew install ${formulas.join(' ')}`)
	} else console.log(`Missing. Install with: sudo apt-get install ${packages.join(' ')}`)
	// sshd as root wants this folder; a package installed without systemd does not make it.
	if (process.platform === 'linux' && isRoot) mkdirSync('/run/sshd', { recursive: true })
	for (const [program, , , without] of missing())
		console.log(`NOT INSTALLED: ${program}. Skipped: ${without}.`)
}

installDependencies()
installPrograms()

const node = pinnedNode()
const bin = join(root, 'node_modules', '.bin')
const env = {
	...process.env,
	PATH: [bin, process.env.PATH ?? '', '/usr/sbin'].join(delimiter),
	// Electron's package would fetch its binary when it is imported by mistake.
	ELECTRON_OVERRIDE_DIST_PATH: '/nonexistent',
	FORCE_COLOR: process.env.CI ? '0' : process.env.FORCE_COLOR,
}
const results = mkdtempSync(join(tmpdir(), 'hawser-test-'))
const counts = { passed: 0, failed: 0, skipped: 0 }
const rows = []
/** What went wrong, told once more at the end: the output above it is long. */
const failures = []
/** What failed at first, told too: it may have passed alone, and is to be looked into all the same. */
const unsteady = []

function count(name, passed, failed, skipped = 0) {
	counts.passed += passed
	counts.failed += failed
	counts.skipped += skipped
	rows.push(`${name}: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
}

/** A check that is one yes or no. */
function check(name, file, args) {
	console.log(`\n— ${name}`)
	const { status } = spawnSync(file, args, { cwd: root, env, stdio: 'inherit' })
	if (status !== 0) failures.push(name)
	count(name, status === 0 ? 1 : 0, status === 0 ? 0 : 1)
}

/** A suite that hangs is ended, so that what came before it is still told. */
const longestMs = 45 * 60_000
/** More files than these that fail are no matter of luck. */
const mostTriedAgain = 6

/** What vitest came to with this project, or with these files of it alone: a record for each file, from test/report.ts. */
function vitest(name, files, options) {
	const report = join(results, `${name}-${files.length}.jsonl`)
	const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', name, ...options, ...files]
	const { status } = spawnSync(node, [...args, '--reporter=default', '--reporter=./test/report.ts'], {
		...{ cwd: root, stdio: 'inherit', timeout: longestMs, killSignal: 'SIGKILL' },
		env: { ...env, HAWSER_TEST_REPORT: report },
	})
	const lines = existsSync(report) ? readFileSync(report, 'utf8').split('\n').filter(Boolean) : []
	const records = lines.map((line) => JSON.parse(line))
	const isWhole = records.at(-1)?.file === ''
	const isTold = status === 0 || records.some(({ failures }) => failures.length > 0)
	if (!isWhole || !isTold) {
		const error = isWhole ? `the runner ended with ${status}` : 'the runner ended before its tests did'
		records.push({ file: '', passed: 0, skipped: 0, failures: [{ name, error }] })
	}
	return records
}

const tell = (file, { name, error }) =>
	`${file || 'the runner'}: ${name}\n    ${error.replaceAll('\n', '\n    ')}`

/**
 * A vitest project, counted test by test; a hook that failed counts as one, as does a runner that died. The suites wait
 * for hundreds of real servers on a busy machine: files that fail are tried once more alone, and what passes only then
 * is named, whatever the count says.
 */
function suite(name) {
	console.log(`\n— ${name}`)
	const first = vitest(name, [], [])
	const failed = first.filter(({ file, failures }) => file !== '' && failures.length > 0)
	let again = []
	if (failed.length > 0 && failed.length <= mostTriedAgain) {
		console.log(`\n— ${name}: what failed, alone`)
		const files = failed.map(({ file }) => file)
		again = vitest(name, files, ['--no-file-parallelism'])
	}
	const isAgain = (file) => again.some((other) => other.file !== '' && other.file === file)
	const last = [...first.filter(({ file }) => file === '' || !isAgain(file)), ...again]
	for (const { file, failures: found } of first.filter(({ file }) => isAgain(file)))
		unsteady.push(...found.map((failure) => tell(file, failure)))
	for (const { file, failures: found } of last) failures.push(...found.map((failure) => tell(file, failure)))
	const sum = (of) => last.reduce((total, record) => total + of(record), 0)
	count(
		name,
		sum(({ passed }) => passed),
		sum(({ failures }) => failures.length),
		sum(({ skipped }) => skipped),
	)
}

check('format and lint', join(bin, 'biome'), ['ci', '--error-on-warnings', '.'])
check('types', join(bin, 'tsc'), [])
check('types of the window', join(bin, 'tsc'), ['-p', 'renderer'])
check('dead code', join(bin, 'knip'), [])
if (has('shellcheck')) check('shell scripts', node, [join(root, 'test/shell-scripts.mjs')])
else count('shell scripts', 0, 0, 1)
check('build', node, [join(root, 'src/setup/build.mjs')])
for (const name of ['unit', 'peers', 'window', 'app']) suite(name)

rmSync(results, { recursive: true, force: true })
if (unsteady.length > 0) console.log(`\nFailed at first, tried again alone:\n${unsteady.join('\n')}`)
if (failures.length > 0) console.log(`\nFailed:\n${failures.join('\n')}`)
console.log(`\n${rows.join('\n')}\n`)
console.log(
	`${counts.passed} passed, ${counts.failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`,
)
process.exit(counts.failed === 0 ? 0 : 1)
