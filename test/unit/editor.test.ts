import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ProblemError } from '../../src/contract/client.ts'
import { editorFor, type Folder, openInEditor, type Surroundings } from '../../src/engine/editor.ts'

/**
 * Editors are stand-ins here, executables on a PATH of the test's own that record what they were given; they are
 * started as the real ones are.
 */

let home: string
let around: Surroundings
beforeEach(async () => {
	home = await mkdtemp(join(tmpdir(), 'hawser-editor-'))
	around = { env: { PATH: join(home, 'bin') }, platform: 'linux', home }
})
afterEach(() => rm(home, { recursive: true, force: true, maxRetries: 5 }))

const said = () => join(home, 'said')
/** Writes each argument on a line ended by NUL, then does what it is told. */
async function install(path: string, then = 'exit 0'): Promise<string> {
	const file = join(home, path)
	await mkdir(join(file, '..'), { recursive: true })
	const script = `#!/bin/sh\n/usr/bin/printf '%s\\0' "$0" "$@" >'${said()}.new'\n/bin/mv '${said()}.new' '${said()}'\n${then}\n`
	await writeFile(file, script)
	await chmod(file, 0o755)
	return file
}
const given = async () => (await readFile(said(), 'utf8')).split('\0').slice(0, -1)

const folder = (change: Partial<Folder> = {}): Folder => ({
	machine: 'laptop',
	path: '/srv/nt',
	ssh: { host: 'lab' },
	...change,
})
async function refusal(work: Promise<unknown>) {
	const error = await work.then(
		() => null,
		(thrown: unknown) => thrown,
	)
	if (!(error instanceof ProblemError)) throw error ?? new Error('it was not refused')
	return error.problem
}

describe('which editor', () => {
	const found = async (setting?: string[]) => (await editorFor(setting, folder(), around)).argv[0]
	test('that of the settings, before any other', async () => {
		await install('bin/code')
		const mine = await install('mine/my-editor')
		expect(await editorFor(['~/mine/my-editor', '-x'], folder(), around)).toEqual({
			name: 'my-editor',
			argv: [mine, '-x', '/srv/nt'],
		})
	})
	test('$VISUAL before $EDITOR before what is installed; options that wait are left out', async () => {
		const code = await install('bin/code')
		const [subl, zed] = [await install('bin/subl'), await install('opt/zed')]
		expect(await found()).toBe(code)
		around.env.EDITOR = 'subl -w'
		expect(await editorFor(undefined, folder(), around)).toEqual({
			name: 'Sublime Text',
			argv: [subl, '/srv/nt'],
		})
		around.env.VISUAL = `'${zed}' --wait`
		expect(await found()).toBe(zed)
	})
	test('one that needs a terminal, is unknown or is not there is passed over', async () => {
		const code = await install('bin/code')
		await install('bin/vim')
		await install('bin/mystery')
		for (const EDITOR of ['vim', 'mystery', 'subl', '/nowhere/zed', './zed']) {
			around.env.EDITOR = EDITOR
			expect(await found()).toBe(code)
		}
	})
	test('with nothing else, the one that needs a terminal is named, with the command', async () => {
		around.env.EDITOR = 'nvim'
		const { code, title, next } = await refusal(editorFor(undefined, folder({ path: "/srv/it's" }), around))
		expect([code, title]).toEqual(['editor-terminal', 'The editor nvim needs a terminal'])
		expect(next).toMatchObject({ kind: 'copy', text: `nvim '/srv/it'\\''s'` })
		const set = await refusal(editorFor(['vim'], folder(), around))
		expect(set).toMatchObject({ code: 'editor-terminal', needsPerson: true })
	})
	test('none at all, or one of the settings that is not there, is said with the path to copy', async () => {
		const none = await refusal(editorFor(undefined, folder(), around))
		expect(none).toMatchObject({ code: 'editor-missing', title: 'No editor was found' })
		expect(none.next).toMatchObject({ kind: 'copy', text: '/srv/nt' })
		expect((await refusal(editorFor(['code'], folder(), around))).title).toBe('Code was not found')
	})
	test('a folder, a file that cannot be run, and the ZFS daemon are no editors', async () => {
		await mkdir(join(home, 'bin/code'), { recursive: true })
		await chmod(await install('bin/subl'), 0o644)
		await install('sbin/zed')
		around.env.PATH = ['bin', 'sbin'].map((name) => join(home, name)).join(':')
		expect((await refusal(editorFor(undefined, folder(), around))).code).toBe('editor-missing')
	})
	test('on macOS also an application: by its own tool, else by open', async () => {
		around.platform = 'darwin'
		await mkdir(join(home, 'Applications/PyCharm.app'), { recursive: true })
		const app = join(home, 'Applications/PyCharm.app')
		expect(await editorFor(undefined, folder(), around)).toEqual({
			name: 'PyCharm',
			argv: ['open', '-a', app, '/srv/nt'],
		})
		const tool = await install('Applications/Visual Studio Code.app/Contents/Resources/app/bin/code')
		expect((await editorFor(undefined, folder({ machine: 'workstation' }), around)).argv.slice(0, 3)).toEqual(
			[tool, '--remote', 'ssh-remote+lab'],
		)
	})
	test('what cannot go to the workstation says so, and where the folder is', async () => {
		await install('bin/subl')
		const far = folder({ machine: 'workstation', path: '/home/ada/nt-gpu' })
		const { code, meaning, next } = await refusal(editorFor(undefined, far, around))
		expect(code).toBe('editor-remote')
		expect(meaning).toContain('/home/ada/nt-gpu on lab')
		expect(next).toMatchObject({ text: '/home/ada/nt-gpu' })
		await install('bin/code')
		const keyed = { ...far, ssh: { host: 'lab', identityFile: '~/.ssh/other' } }
		expect((await refusal(editorFor(undefined, keyed, around))).meaning).toContain('~/.ssh/config')
	})
})

describe('opened', () => {
	test('it gets the folder as one word, whatever it is called, and its exit is looked at', async () => {
		const code = await install('bin/code')
		const path = `/srv/ -n $(touch x) 'it' "is"\nnt`
		expect(await openInEditor(undefined, folder({ path }), around)).toBe('VS Code')
		expect(await given()).toEqual([code, path])
	})
	test('one that fails says why, and where the folder is', async () => {
		await install('bin/code', 'echo "cannot open display :9" >&2; exit 3')
		const failed = await refusal(openInEditor(undefined, folder(), around))
		expect(failed).toMatchObject({ code: 'editor-failed', title: 'VS Code did not open' })
		expect(failed.meaning).toContain('exit code 3: cannot open display :9')
		expect(failed.next).toMatchObject({ text: '/srv/nt' })
	})
	test('so does one that is killed, and one that cannot be started', async () => {
		await install('bin/code', 'kill -9 $$')
		expect((await refusal(openInEditor(undefined, folder(), around))).meaning).toContain('SIGKILL')
		const broken = join(home, 'bin/code')
		await writeFile(broken, '#!/nowhere/at/all\n')
		expect((await refusal(openInEditor(undefined, folder(), around))).code).toBe('editor-failed')
	})
	test('one that stays is open, and lives on in a session of its own, whatever it says', async () => {
		const go = join(home, 'go')
		// It is given a while to end by itself if the test does not let it.
		const wait = `i=0; while [ ! -e '${go}' ] && [ $i -lt 300 ]; do /bin/sleep 0.1; i=$((i+1)); done`
		await install(
			'bin/code',
			`echo $$ >'${home}/pid'; ${wait}; echo late >&2; echo late; echo yes >'${home}/alive'`,
		)
		expect(await openInEditor(undefined, folder(), around)).toBe('VS Code')
		const pid = Number(await readFile(join(home, 'pid'), 'utf8'))
		// The session is the sixth field after the name (proc(5)); it leads its own.
		const stat = process.platform === 'linux' ? await readFile(`/proc/${pid}/stat`, 'utf8') : null
		if (stat) expect(Number(stat.slice(stat.lastIndexOf(')')).split(' ')[4])).toBe(pid)
		await writeFile(go, '')
		await expect
			.poll(() => readFile(join(home, 'alive'), 'utf8').catch(() => ''), { timeout: 10_000 })
			.toBe('yes\n')
		await expect.poll(() => isGone(pid), { timeout: 10_000 }).toBe(true)
	})
	const isGone = (pid: number) => {
		try {
			return !process.kill(pid, 0)
		} catch {
			return true
		}
	}
	test('what makes an Electron editor a plain Node does not reach it', async () => {
		await install('bin/code', `/usr/bin/printf '%s' "\${ELECTRON_RUN_AS_NODE-none}" >'${home}/mode'`)
		around.env.ELECTRON_RUN_AS_NODE = '1'
		await openInEditor(undefined, folder(), around)
		expect(await readFile(join(home, 'mode'), 'utf8')).toBe('none')
	})
})
