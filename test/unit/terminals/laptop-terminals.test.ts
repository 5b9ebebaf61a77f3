import { describe, expect, test } from 'vitest'
import { type TerminalName, type Way, waysOf } from '../../../src/engine/terminals/laptop-terminals.ts'

const home = '/home/me'
const ways = (setting: TerminalName | undefined, platform: NodeJS.Platform, TERMINAL?: string) =>
	waysOf(setting, { env: { TERMINAL }, platform, home })
/** What is tried, with what stands before the command. */
const text = (way: Way) =>
	way.by === 'program'
		? `${way.programs.join(' or ')}: ${way.before.join(' ')}`
		: way.by === 'open-args'
			? `open -na ${way.app} --args ${way.before.join(' ')}`
			: `open ${way.app ?? 'by default'}, a file`

describe('on macOS', () => {
	test.each<[TerminalName | undefined, string]>([
		[undefined, 'open by default, a file'],
		['terminal', 'open Terminal, a file'],
		['iterm2', 'open iTerm, a file'],
		['ghostty', 'open -na Ghostty --args -e'],
		[
			'kitty',
			'kitty or /Applications/kitty.app/Contents/MacOS/kitty or /home/me/Applications/kitty.app/Contents/MacOS/kitty: --',
		],
		[
			'wezterm',
			'wezterm or /Applications/WezTerm.app/Contents/MacOS/wezterm or /home/me/Applications/WezTerm.app/Contents/MacOS/wezterm: start --',
		],
	])('set to %s', (setting, expected) => {
		expect(ways(setting, 'darwin').map(text)).toEqual([expected])
	})

	test('$TERMINAL is meant when nothing is set, also by a name of its own for an app', () => {
		expect(ways(undefined, 'darwin', 'ghostty').map(text)[0]).toBe('open -na Ghostty --args -e')
		expect(ways(undefined, 'darwin', 'iTerm').map(text)[0]).toBe('open iTerm, a file')
		expect(ways(undefined, 'darwin', '/opt/bin/alacritty').map(text)).toEqual([
			'/opt/bin/alacritty: -e',
			'open by default, a file',
		])
		expect(ways('terminal', 'darwin', 'kitty').map(text)).toEqual(['open Terminal, a file'])
	})
})

describe('on Linux', () => {
	test.each<[TerminalName, string[]]>([
		['ghostty', ['ghostty: -e']],
		['kitty', ['kitty: --']],
		['wezterm', ['wezterm: start --']],
		['iterm2', []],
	])('set to %s', (setting, expected) => {
		expect(ways(setting, 'linux', 'xterm').map(text)).toEqual(expected)
	})

	test.each([
		['xterm', 'xterm: -e'],
		['kitty --single-instance', 'kitty: --single-instance --'],
		['/usr/bin/gnome-terminal', '/usr/bin/gnome-terminal: --'],
		['foot', 'foot: '],
		['urxvt', 'urxvt: -e'],
	])('$TERMINAL is %s: it comes before those of the desktop', (own, expected) => {
		const all = ways(undefined, 'linux', own).map(text)
		expect(all[0]).toBe(expected)
		expect(all.slice(1)).toEqual(ways(undefined, 'linux').map(text))
	})

	test('without it, the one that the person or the system chose comes first; “terminal” is the same', () => {
		const all = ways(undefined, 'linux').map(text)
		expect(all.slice(0, 3)).toEqual(['xdg-terminal-exec: ', 'x-terminal-emulator: -e', 'gnome-terminal: --'])
		expect(ways(undefined, 'linux', '  ').map(text)).toEqual(all)
		expect(ways('terminal', 'linux', 'xterm').map(text)).toEqual(all)
	})
})
