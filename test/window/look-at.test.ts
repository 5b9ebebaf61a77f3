import { describe, expect, test, vi } from 'vitest'
import { chromiumPath } from './browser.ts'
import { running } from './pieces.ts'
import { states } from './states.ts'
import { windowBed } from './window-bed.ts'

describe.skipIf(chromiumPath === null)('which run the window shows to a person', () => {
	const { open } = windowBed()

	test('one whose details are open, while the page is on the screen', async () => {
		const { page, engine } = await open(states.working())
		const looks = () =>
			engine.commands.flatMap(({ name, input }) =>
				name === 'lookAt' ? [(input as { run: string }).run] : [],
			)
		const { id } = running()
		const row = page.getByRole('button', { name: /running: nt/ })
		await row.click()
		await vi.waitFor(() => expect(looks().at(-1)).toBe(id))
		const show = (isHidden: boolean) =>
			page.evaluate(
				`Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`,
			)
		await show(true)
		await vi.waitFor(() => expect(looks().at(-1)).toBeNull())
		await show(false)
		await vi.waitFor(() => expect(looks().at(-1)).toBe(id))
		await row.click()
		await vi.waitFor(() => expect(looks().at(-1)).toBeNull())
	})
})
