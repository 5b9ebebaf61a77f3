import { app, clipboard, dialog, shell } from 'electron'
import { ProblemError } from '../contract/client.ts'
import type { EngineFace } from './engine-face.ts'
import { Links } from './links.ts'
import type { MenuAction, Wish } from './menu-entries.ts'
import type { AppWindow } from './window.ts'

/** Does what a menu entry says. A refusal is shown, in the words of its problem. */
export function createActions(engine: EngineFace, window: AppWindow): (action: MenuAction) => void {
	const links = new Links()
	return (action) => {
		perform(action, engine, window, links).catch((error: unknown) => tell(...wordsOf(error)))
	}
}

async function perform(
	action: MenuAction,
	engine: EngineFace,
	window: AppWindow,
	links: Links,
): Promise<void> {
	switch (action.do) {
		case 'command':
			return await command(action.wish, engine)
		case 'copy':
			return await clipboard.writeText(action.text)
		case 'copy-report':
			return await copyReport(action.workstation, engine)
		case 'open-url':
			return await links.open(action.url)
		case 'open-window':
			return window.open(action.place)
		case 'open-settings':
			return await openSettings(engine)
		case 'quit':
			return app.quit()
	}
}

async function command(wish: Wish, engine: EngineFace): Promise<void> {
	const answer = await engine.command(wish.name, wish.input)
	if (!answer.ok) await tell(answer.problem.title, answer.problem.meaning)
}

async function copyReport(workstation: string | null, engine: EngineFace): Promise<void> {
	const answer = await engine.command('report', workstation === null ? {} : { workstation })
	if (answer.ok) await clipboard.writeText(answer.output.text)
	else await tell(answer.problem.title, answer.problem.meaning)
}

/** The settings are a file for now: it opens in the editor that opens such files, else its folder is shown. */
async function openSettings(engine: EngineFace): Promise<void> {
	const state = engine.state()
	if (!state) return
	const failed = await shell.openPath(state.config.path)
	if (failed !== '') await shell.openPath(state.app.dataFolder)
}

function wordsOf(error: unknown): [message: string, detail: string] {
	if (error instanceof ProblemError) return [error.problem.title, error.problem.meaning]
	return ['Hawser could not do that', error instanceof Error ? error.message : String(error)]
}

async function tell(message: string, detail: string): Promise<void> {
	await dialog.showMessageBox({ type: 'warning', message, detail, buttons: ['OK'] })
}
