import type { Scene } from './code-scenes.ts'

const sgr = (code: string, text: string) => `\u001b[${code}m${text}\u001b[0m`
const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']
const before = [
	`${sgr('32', 'INFO')} ${sgr('1', 'bold')} ${sgr('4', 'underlined')} ${sgr('2', 'faint')} ${sgr('3', 'italic')} ${sgr('7', 'inverse')}\n`,
	`${names.map((name, at) => sgr(`3${at}`, name)).join(' ')}\n`,
	`${names.map((name, at) => sgr(`9${at}`, name === 'black' ? 'bright' : name)).join(' ')}\n`,
	`${names.map((name, at) => sgr(`4${at}`, name)).join(' ')}\n`,
].join('')
const hitAt = Buffer.byteLength(before)
const after = `${sgr('33', 'WARN')} step 7: loss is ${sgr('1;31', 'nan')}, gone on from the last checkpoint\n`
const colours = `${before}${after}${sgr('38;2;255;128;0', 'orange')} and ${sgr('38;5;93', 'violet')} are the nearest of these\n`

const rest = Array.from(
	{ length: 60 },
	(_, step) => `step ${step + 8}  loss ${(0.9 - step / 120).toFixed(4)}\n`,
).join('')

/** A log with every colour, and a search in it. */
export const logScenes: Record<string, Scene> = {
	'searched-log': {
		state: 'working',
		async act({ page, engine }) {
			const text = colours + rest
			engine.handlers.readLog = () => ({ text, end: text.length, size: text.length })
			engine.handlers.searchLog = () => ({ hits: [{ line: 5, offset: hitAt, text: '' }], next: null })
			await page.getByRole('button', { name: /running: nt/ }).click()
			await page.getByText('step 67').waitFor()
			await page.getByRole('searchbox').fill('nan')
			await page.keyboard.press('Enter')
			await page.locator('.log-hit').waitFor()
		},
	},
}
