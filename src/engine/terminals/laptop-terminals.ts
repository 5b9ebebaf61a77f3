import { basename } from 'node:path'
import type { Config } from '../../contract/config.ts'

export type TerminalName = NonNullable<Config['terminal']>

/**
 * How a terminal is opened with a command in it: by a program and what stands before the command; or, on macOS, by
 * `open`, with arguments of the app or with a `.command` file.
 */
export type Way =
	| { by: 'program'; programs: readonly string[]; before: readonly string[] }
	| { by: 'open-args'; app: string; before: readonly string[] }
	| { by: 'open-file'; app: string | null }

/** Options of terminals that take the command otherwise than by `-e`, by their program's name. */
const ownBefore: Record<string, readonly string[]> = {
	'xdg-terminal-exec': [],
	'gnome-terminal': ['--'],
	kgx: ['--'],
	ptyxis: ['--'],
	'xfce4-terminal': ['-x'],
	'mate-terminal': ['-x'],
	terminator: ['-x'],
	foot: [],
	kitty: ['--'],
	wezterm: ['start', '--'],
	'wezterm-gui': ['start', '--'],
}

const program = (...programs: string[]): Way => ({
	by: 'program',
	programs,
	before: ownBefore[basename(programs[0] ?? '')] ?? ['-e'],
})

/** Those of Linux desktops, best first: what the person or the system chose comes before what only is there. */
const ofLinux = [
	'xdg-terminal-exec',
	'x-terminal-emulator',
	'gnome-terminal',
	'konsole',
	'xfce4-terminal',
	'kitty',
	'ghostty',
	'wezterm',
	'alacritty',
	'foot',
	'xterm',
]

/** A Mac's app by its bundle: its own program takes arguments, where `open` would bring a running one to the front. */
const inBundle = (name: string, bundle: string, home: string) =>
	program(
		name,
		...['/Applications', `${home}/Applications`].map((at) => `${at}/${bundle}.app/Contents/MacOS/${name}`),
	)

function ofMac(name: TerminalName, home: string): Way {
	switch (name) {
		case 'terminal':
			return { by: 'open-file', app: 'Terminal' }
		case 'iterm2':
			return { by: 'open-file', app: 'iTerm' }
		case 'ghostty':
			// Its program opens no window on macOS.
			return { by: 'open-args', app: 'Ghostty', before: ['-e'] }
		case 'kitty':
			return inBundle('kitty', 'kitty', home)
		case 'wezterm':
			return inBundle('wezterm', 'WezTerm', home)
	}
}

/** What `$TERMINAL` may say for those that the settings know by name. */
const knownNames: Record<string, TerminalName> = {
	terminal: 'terminal',
	apple_terminal: 'terminal',
	iterm: 'iterm2',
	iterm2: 'iterm2',
	ghostty: 'ghostty',
	kitty: 'kitty',
	wezterm: 'wezterm',
}

/** The ways to try, in this order; none: that terminal does not exist on this system. */
export function waysOf(
	setting: TerminalName | undefined,
	{ env, platform, home }: { env: NodeJS.ProcessEnv; platform: NodeJS.Platform; home: string },
): Way[] {
	const isMac = platform === 'darwin'
	if (setting !== undefined && isMac) return [ofMac(setting, home)]
	if (setting === 'iterm2') return []
	if (setting !== undefined && setting !== 'terminal') return [program(setting)]
	// Options may stand behind it.
	const [own, ...options] = env.TERMINAL?.trim().split(/\s+/) ?? []
	const ways = own && setting === undefined ? [ownWay(own, options, isMac, home)] : []
	if (isMac) return [...ways, { by: 'open-file', app: null }]
	return [...ways, ...ofLinux.map((name) => program(name))]
}

function ownWay(own: string, options: readonly string[], isMac: boolean, home: string): Way {
	const known = knownNames[basename(own).toLowerCase()]
	if (isMac && known !== undefined) return ofMac(known, home)
	const way = program(own)
	return way.by === 'program' ? { ...way, before: [...options, ...way.before] } : way
}
