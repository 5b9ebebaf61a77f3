import { basename } from 'node:path'

/** How an editor is told of a folder on another machine; null: it cannot be. */
type Far = 'vscode' | 'zed' | null

interface KnownEditor {
	name: string
	/** What it is called on PATH. */
	programs: readonly string[]
	far: Far
	/** Its bundle on macOS, and in that its command-line tool, where it has one for folders. */
	bundle?: { name: string; tool?: string }
}

const family = (name: string, program: string, bundle: string): KnownEditor => ({
	name,
	programs: [program],
	far: 'vscode',
	bundle: { name: `${bundle}.app`, tool: `Contents/Resources/app/bin/${program}` },
})
const jetBrains = (name: string, programs: readonly string[]): KnownEditor => ({
	name,
	programs,
	far: null,
	bundle: { name: `${name}.app` },
})

/** Editors with a window of their own that open folders, in the order in which they are looked for. */
export const knownEditors: readonly KnownEditor[] = [
	family('VS Code', 'code', 'Visual Studio Code'),
	family('Cursor', 'cursor', 'Cursor'),
	family('Windsurf', 'windsurf', 'Windsurf'),
	family('VSCodium', 'codium', 'VSCodium'),
	family('VS Code Insiders', 'code-insiders', 'Visual Studio Code - Insiders'),
	// Where `zed` was taken, Linux distributions call it otherwise.
	{
		name: 'Zed',
		programs: ['zed', 'zeditor', 'zedit'],
		far: 'zed',
		bundle: { name: 'Zed.app', tool: 'Contents/MacOS/cli' },
	},
	{
		name: 'Sublime Text',
		programs: ['subl', 'sublime_text'],
		far: null,
		bundle: { name: 'Sublime Text.app', tool: 'Contents/SharedSupport/bin/subl' },
	},
	jetBrains('PyCharm', ['pycharm', 'pycharm-professional', 'pycharm-community']),
	jetBrains('IntelliJ IDEA', ['idea', 'intellij-idea-ultimate', 'intellij-idea-community']),
	jetBrains('CLion', ['clion']),
	jetBrains('DataSpell', ['dataspell']),
	jetBrains('WebStorm', ['webstorm']),
	{ name: 'BBEdit', programs: ['bbedit'], far: null, bundle: { name: 'BBEdit.app' } },
	{ name: 'Kate', programs: ['kate'], far: null },
	{ name: 'GVim', programs: ['gvim', 'mvim'], far: null, bundle: { name: 'MacVim.app' } },
	{ name: 'Emacs', programs: ['emacs'], far: null, bundle: { name: 'Emacs.app' } },
]

const ofTerminals: ReadonlySet<string> = new Set(
	`vi vim nvim view ex ed nano rnano pico micro hx helix kak mcedit joe jed ne mg tilde emacsclient nvi vis`.split(
		' ',
	),
)

/** `/opt/idea/bin/idea.sh` is `idea`. */
export const programName = (program: string) => basename(program).replace(/\.sh$/, '')

export const knownAs = (program: string): KnownEditor | null =>
	knownEditors.find(({ programs }) => programs.includes(programName(program))) ?? null

/** It draws into the terminal it was started from, of which a window has none. */
export function needsTerminal([program = '', ...options]: readonly string[]): boolean {
	return ofTerminals.has(programName(program)) || options.some((option) => /^(-nw|-t|--tty)$/.test(option))
}

/**
 * The program of `$VISUAL` or `$EDITOR`. Options behind it are left out: they are for one file that is waited for
 * (`code --wait`).
 */
export function programOf(value: string | undefined): string | null {
	const [, double, single, word] = /^\s*(?:"([^"]+)"|'([^']+)'|((?:\\.|[^\s\\])+))/s.exec(value ?? '') ?? []
	return double ?? single ?? word?.replaceAll(/\\(.)/gs, '$1') ?? null
}

/** A program that opens folders, and what it is started with before the folder. */
export interface Editor {
	name: string
	argv: readonly string[]
	far: Far
}

/** Where its own ssh finds the workstation. */
export interface FarHost {
	host: string
	user?: string | undefined
	port?: number | undefined
}

/**
 * What opens a folder, by its absolute path; `at` null: on this machine. Null: it cannot open one over there.
 * VS Code: `--remote ssh-remote+[user@]host[:port]`; a path without a slash at its end may be taken for a file's when
 * it has a dot (`doResolveRemotePath` of its `windowsMainService`). Zed: `ssh://[user@]host[:port]/path`, in per cent
 * where need be (`parse_ssh_file_path` of its `open_listener`).
 */
export function openingArgv({ argv, far }: Editor, path: string, at: FarHost | null): string[] | null {
	if (at === null) return [...argv, path]
	const port = at.port === undefined ? '' : `:${at.port}`
	switch (far) {
		case 'vscode': {
			const user = at.user === undefined ? '' : `${at.user}@`
			return [...argv, '--remote', `ssh-remote+${user}${at.host}${port}`, path.replace(/\/*$/, '/')]
		}
		case 'zed': {
			const user = at.user === undefined ? '' : `${encodeURIComponent(at.user)}@`
			const host = at.host.includes(':') ? `[${at.host}]` : encodeURIComponent(at.host)
			return [...argv, `ssh://${user}${host}${port}${path.split('/').map(encodeURIComponent).join('/')}`]
		}
		case null:
			return null
	}
}
