import { expect, test } from 'vitest'
import { asks } from '../../../src/engine/agents/questions.ts'

const many = (count: number) => Array.from({ length: count }, (_, at) => `line ${at}`)

test.each([
	[
		'a permission dialog',
		['Bash command', '  rm -rf build', 'Do you want to proceed?', '❯ 1. Yes', '  2. No'],
	],
	[
		'a framed one',
		['│ Do you want to make this edit to a.py? │', '│ ❯ 1. Yes                               │', '╰───╯'],
	],
	['its login', ['Browser didn’t open? Use the url below', 'https://…', 'Paste code here if prompted >']],
	['the end of its turn', ['⏺ Done.', '╭──╮', '│ >                │', '╰──╯', '  ? for shortcuts']],
	['yes or no', ['Overwrite model.pt? (y/n) ']],
	['yes or no, capitals', ['Proceed ([Y/n])? [Y/N]']],
	['a key to go on', ['Press Enter to continue…']],
])('%s asks', (_what, screen) => expect(asks(screen)).toBe(true))

test.each([
	['nothing', []],
	['plain output', ['epoch 3 of 10', 'loss 0.3']],
	['a question of the code', ['? what does this do', 'if (a > 1.5) return']],
	['work', ['❯ 1. Yes', '✻ Thinking… (12s · esc to interrupt)', '  ? for shortcuts']],
	['a question long ago', ['Do you want to proceed?', ...many(12)]],
	['a list', ['1. one', '2. two']],
])('%s does not', (_what, screen) => expect(asks(screen)).toBe(false))
