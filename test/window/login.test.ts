import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import type { LoginQuestion } from '../../src/contract/state.ts'
import { problem } from '../../src/engine/problems.ts'
import { axe } from './axe.ts'
import { chromiumPath } from './browser.ts'
import { asking, askingState, nasty, question } from './login-states.ts'
import { now } from './moments.ts'
import { stateOf, workstation } from './pieces.ts'
import type { Stage } from './stage.ts'
import { windowBed } from './window-bed.ts'

const secret = 'tr0ub4dor&3 “µ”'

/** Every string that the page still holds: its markup, what its fields hold, and all that React keeps of it. */
const heldByPage = `(() => {
	const found = [document.documentElement.outerHTML, location.href, document.title]
	for (const field of document.querySelectorAll('input, textarea')) found.push(field.value)
	const root = document.getElementById('root')
	const seen = new Set()
	const queue = Object.keys(root).filter((key) => key.startsWith('__react')).map((key) => root[key])
	while (queue.length > 0) {
		const next = queue.pop()
		if (typeof next === 'string') found.push(next)
		if (next === null || typeof next !== 'object' || seen.has(next) || next === window) continue
		if (next instanceof Node && next.nodeType === 9) continue
		seen.add(next)
		if (next instanceof Map || next instanceof Set) queue.push(...next.entries())
		for (const { value } of Object.values(Object.getOwnPropertyDescriptors(next))) queue.push(value)
	}
	return { text: found.join('\\n'), objects: seen.size }
})()`

async function held(page: Page): Promise<string> {
	const { text, objects } = await page.evaluate<{ text: string; objects: number }>(heldByPage)
	// It was React's own tree that was looked through.
	expect(objects).toBeGreaterThan(200)
	return text
}

describe.skipIf(chromiumPath === null)('a login’s question', () => {
	const { open } = windowBed()
	const ask = ({ engine }: Stage, change: Partial<LoginQuestion>) =>
		engine.change({ slice: 'workstations', key: 'lab', value: asking(question(change)) })
	const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
	const focused = (page: Page) => page.evaluate<string>('document.activeElement.name ?? ""')
	const answers = ({ engine }: Stage) =>
		engine.commands.filter(({ name }) => name === 'answerLogin').map(({ input }) => input)
	/** All that was sent has arrived when this has. */
	const settled = async (stage: Stage) => {
		await button(stage.page, 'Check again').click()
		await stage.engine.sent('check')
	}

	test('is answered by keyboard alone; what was typed is sent once, and the page holds it nowhere after', async () => {
		const stage = await open(askingState({ kind: 'passphrase', file: '~/.ssh/id_ed25519' }))
		const { page, engine, complaints } = stage
		for (let presses = 0; presses < 10 && (await focused(page)) !== 'answer-0'; presses++)
			await page.keyboard.press('Tab')
		await page.keyboard.type(secret)
		const field = page.getByRole('textbox', { name: 'Passphrase' })
		expect(await field.inputValue()).toBe(secret)
		expect(await field.getAttribute('type')).toBe('password')
		expect(await held(page)).toContain(secret)
		expect(await page.content()).not.toContain(secret)
		await page.keyboard.press('Enter')
		expect(await engine.sent('answerLogin')).toEqual({
			workstation: 'lab',
			question: 'q-1',
			answers: [secret],
			keep: false,
		})
		await page.getByText('Sent. Waiting for what comes back.').waitFor()
		// Nothing is left to send it with again.
		await page.keyboard.press('Enter')
		await page.keyboard.press('Escape')
		expect(await held(page)).not.toContain(secret)
		engine.change({ slice: 'workstations', key: 'lab', value: workstation() })
		await page.getByText('Sent.').waitFor({ state: 'detached' })
		await settled(stage)
		expect(answers(stage)).toHaveLength(1)
		expect(await held(page)).not.toContain(secret)
		expect(complaints).toEqual([])
	})

	test('is kept only when that is ticked, and can be ticked only where there is a keychain', async () => {
		const stage = await open(askingState({}))
		const { page, engine } = stage
		const keep = page.getByRole('checkbox', { name: 'Keep it in the keychain' })
		expect(await keep.isChecked()).toBe(false)
		await keep.check()
		await page.getByRole('textbox', { name: 'Password' }).fill(secret)
		await button(page, 'Log in').click()
		expect(await engine.sent('answerLogin')).toMatchObject({ answers: [secret], keep: true })
		ask(stage, { id: 'q-2', mayKeep: false })
		await page.getByRole('textbox', { name: 'Password' }).waitFor()
		expect(await keep.count()).toBe(0)
	})

	test('nothing is sent while nothing is typed', async () => {
		const stage = await open(askingState({}))
		await stage.page.getByRole('textbox', { name: 'Password' }).press('Enter')
		await settled(stage)
		expect(answers(stage)).toEqual([])
	})

	test('a server’s prompts are each a field of their own, hidden or not, and are answered in their order', async () => {
		const { page, engine } = await open(
			askingState({
				kind: 'prompts',
				title: 'Two-factor authentication',
				prompts: [
					{ text: 'Password: ', hidden: true },
					{ text: '', hidden: false },
					{ text: 'Verification code: ', hidden: false },
				],
			}),
		)
		await page.getByText('Two-factor authentication').waitFor()
		const types = await page.evaluate<string[]>(
			`[...document.querySelectorAll('input[data-answer]')].map(({ type }) => type)`,
		)
		expect(types).toEqual(['password', 'text', 'text'])
		await page.getByLabel('Verification code:').fill('123 456')
		await page.getByLabel('Password:').fill('one')
		// An empty answer is an answer: some servers want Enter alone.
		expect(await page.getByRole('textbox', { name: 'Answer 2' }).inputValue()).toBe('')
		await button(page, 'Send').click()
		expect(await engine.sent('answerLogin')).toMatchObject({ answers: ['one', '', '123 456'] })
	})

	test('twenty prompts are still twenty fields with a button under them', async () => {
		const prompts = Array.from({ length: 20 }, (_, index) => ({ text: `Field ${index + 1}`, hidden: false }))
		const { page, engine } = await open(askingState({ kind: 'prompts', prompts }))
		for (const [index, { text }] of prompts.entries())
			await page.getByRole('textbox', { name: text, exact: true }).fill(`${index}`)
		await page.keyboard.press('Enter')
		expect(await engine.sent('answerLogin')).toMatchObject({ answers: prompts.map((_, index) => `${index}`) })
	})

	test.each([
		['Allow', []],
		['Deny', null],
	])('a yes or no: %s', async (name, expected) => {
		const { page, engine } = await open(askingState({ kind: 'confirm', title: 'Allow use of key x?' }))
		expect(await page.locator('input[data-answer]').count()).toBe(0)
		await button(page, name).click()
		expect(await engine.sent('answerLogin')).toMatchObject({ answers: expected, keep: false })
	})

	test('a touch has nothing to type and can be given up', async () => {
		const { page, engine } = await open(askingState({ kind: 'touch', mayKeep: true }))
		await page.getByRole('heading', { name: 'Touch your security key' }).waitFor()
		expect(await page.getByRole('region', { name: 'Touch your security key' }).locator('input').count()).toBe(
			0,
		)
		await button(page, 'Not now').click()
		expect(await engine.sent('answerLogin')).toMatchObject({ answers: null })
	})

	test.each(['Escape', 'Not now'])(
		'%s gives up, sends nothing that was typed, and opens nothing',
		async (way) => {
			const stage = await open(askingState({}))
			const { page, engine } = stage
			await page.getByTitle('Show every check').click()
			await page.getByRole('textbox', { name: 'Password' }).fill(secret)
			if (way === 'Escape') await page.keyboard.press('Escape')
			else await button(page, way).click()
			expect(await engine.sent('answerLogin')).toEqual({
				workstation: 'lab',
				question: 'q-1',
				answers: null,
				keep: false,
			})
			expect(await held(page)).not.toContain(secret)
			// Esc was the question's own: what was opened before stays open.
			expect(await page.getByText('Disk and clock').count()).toBe(1)
		},
	)

	test('Esc elsewhere closes what is open, and does not answer', async () => {
		const stage = await open(askingState({}))
		await stage.page.getByTitle('Show every check').click()
		await stage.page.keyboard.press('Escape')
		await stage.page.getByText('Disk and clock').waitFor({ state: 'detached' })
		await settled(stage)
		expect(answers(stage)).toEqual([])
	})

	test('a wrong answer is said, also to who listens, and the field is empty again', async () => {
		const stage = await open(askingState({ kind: 'passphrase', file: '~/.ssh/id_ed25519' }))
		const { page, engine } = stage
		const field = page.getByRole('textbox', { name: 'Passphrase' })
		await field.fill('wrong')
		await page.keyboard.press('Enter')
		await engine.sent('answerLogin')
		ask(stage, { id: 'q-2', kind: 'passphrase', file: '~/.ssh/id_ed25519', again: true })
		await page.getByRole('alert').getByText('That was not right.').waitFor()
		expect(await field.inputValue()).toBe('')
		// It follows from one's own answer: one goes on typing.
		expect(await focused(page)).toBe('answer-0')
		const described = await field.getAttribute('aria-describedby')
		expect(await page.locator(`[id="${described}"]`).textContent()).toBe('That was not right.')
		await page.keyboard.type('right')
		await page.keyboard.press('Enter')
		await expect.poll(() => answers(stage)).toHaveLength(2)
		expect(answers(stage)[1]).toMatchObject({ question: 'q-2', answers: ['right'] })
	})

	test('another question takes the place of the one before, and what was typed for that is gone', async () => {
		const stage = await open(askingState({}))
		const { page } = stage
		await page.getByRole('textbox', { name: 'Password' }).fill(secret)
		ask(stage, { id: 'q-2', kind: 'prompts', prompts: [{ text: 'Code', hidden: false }] })
		const field = page.getByRole('textbox', { name: 'Code' })
		await field.waitFor()
		expect(await field.inputValue()).toBe('')
		expect(await held(page)).not.toContain(secret)
	})

	test('a state that changes around it leaves what is typed and the focus alone', async () => {
		const stage = await open(askingState({}))
		const { page } = stage
		const field = page.getByRole('textbox', { name: 'Password' })
		await field.fill('half')
		ask(stage, { id: 'q-1' })
		stage.engine.change({ slice: 'app', value: { ...stage.engine.state().app, pausedUntil: now + 60_000 } })
		await page.getByText(/Paused until/).waitFor()
		expect(await field.inputValue()).toBe('half')
		expect(await focused(page)).toBe('answer-0')
	})

	test('takes the focus when it follows from one’s own click', async () => {
		const stage = await open(
			stateOf({ workstations: [workstation({ wanted: false, link: { status: 'off' } })] }),
		)
		const { page, engine } = stage
		await button(page, 'Connect').click()
		await engine.sent('connect')
		ask(stage, {})
		await page.getByRole('textbox', { name: 'Password' }).waitFor()
		expect(await focused(page)).toBe('answer-0')
	})

	test('a yes or no that follows from one’s own click has no answer preset', async () => {
		const stage = await open(
			stateOf({ workstations: [workstation({ wanted: false, link: { status: 'off' } })] }),
		)
		await button(stage.page, 'Connect').click()
		await stage.engine.sent('connect')
		ask(stage, { kind: 'confirm' })
		await button(stage.page, 'Allow').waitFor()
		expect(await stage.page.evaluate('document.activeElement.tagName')).toBe('SECTION')
		await stage.page.keyboard.press('Enter')
		await settled(stage)
		expect(answers(stage)).toEqual([])
	})

	test('leaves the focus where it is when it comes by itself, or while one types elsewhere', async () => {
		const other = asking(question({ id: 'other' }))
		const stage = await open(stateOf({ workstations: [{ ...other, name: 'desk' }, workstation()] }))
		const { page } = stage
		const typing = page.getByRole('textbox', { name: 'Password' })
		ask(stage, { host: 'lab.example', kind: 'passphrase', file: 'k' })
		await page.getByRole('textbox', { name: 'Passphrase' }).waitFor()
		expect(await page.evaluate('document.activeElement === document.body')).toBe(true)
		await typing.click()
		await page.keyboard.type('ha')
		ask(stage, { id: 'q-3', kind: 'passphrase', file: 'other' })
		await page.getByRole('heading', { name: 'Passphrase of other' }).waitFor()
		await page.keyboard.type('lf')
		expect(await typing.inputValue()).toBe('half')
	})

	test('Answer in the ladder leads to it', async () => {
		const { page } = await open(askingState({}))
		await page.getByTitle('Show every check').click()
		await button(page, 'Answer').click()
		expect(await focused(page)).toBe('answer-0')
	})

	test('an answer that was refused can be given again', async () => {
		const stage = await open(askingState({}))
		const { page, engine } = stage
		engine.refuse = problem('input-invalid', { command: 'answerLogin', message: 'it is no longer asked' })
		const field = page.getByRole('textbox', { name: 'Password' })
		await field.fill('one')
		await page.keyboard.press('Enter')
		await page.getByRole('alert').getByText('it is no longer asked').waitFor()
		expect(await field.inputValue()).toBe('')
		expect(await focused(page)).toBe('answer-0')
	})

	test('a server’s words are shown as they are and do nothing', async () => {
		const { page, complaints } = await open(
			askingState({
				kind: 'prompts',
				title: `${nasty.markup}\n${nasty.backwards}\n${nasty.long}`,
				prompts: [
					{ text: nasty.markup, hidden: false },
					{ text: nasty.unbroken, hidden: false },
				],
			}),
		)
		const said = page.locator('.said')
		expect(await said.textContent()).toBe(`${nasty.markup}\n${nasty.backwards}\n${nasty.long}`.trim())
		expect(await page.locator('.login img, .login script, .login b').count()).toBe(0)
		expect(await page.title()).toMatch(/^Hawser: /)
		expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(412)
		const box = await said.boundingBox()
		expect(box?.height).toBeLessThan(250)
		expect(await axe(page)).toEqual([])
		expect(complaints).toEqual([])
	})

	test('the summary says what is waited for', async () => {
		const summary = async (change: Partial<LoginQuestion>) => {
			const { page } = await open(askingState(change))
			return await page.getByRole('banner').locator('[aria-live=polite]').textContent()
		}
		expect(await summary({ kind: 'passphrase' })).toBe('Waits for a passphrase')
		expect(await summary({ kind: 'touch' })).toBe('Touch your security key')
	})
})
