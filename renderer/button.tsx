import { type ButtonHTMLAttributes, useId, useState } from 'react'
import { useNow } from './clock.ts'

interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'disabled'> {
	kind?: 'main' | 'plain' | 'quiet' | 'danger'
	/** Why it does nothing now. It stays reachable by keyboard, so that the reason can be read. */
	why?: string | null
}

export function Button({ kind = 'plain', why = null, onClick, children, ...rest }: ButtonProps) {
	const id = useId()
	if (why === null)
		return (
			<button type="button" className={`button ${kind}`} onClick={onClick} {...rest}>
				{children}
			</button>
		)
	return (
		<>
			<button
				type="button"
				className={`button ${kind}`}
				{...rest}
				aria-disabled
				title={why}
				aria-describedby={id}
			>
				{children}
			</button>
			<span id={id} hidden>
				{why}
			</span>
		</>
	)
}

/** Puts text on the clipboard and says so for a moment; says also when the browser did not let it. */
export function CopyButton({
	text,
	label,
	kind = 'plain',
}: {
	/** Or what makes it: null when that failed, and why was said elsewhere. */
	text: string | (() => Promise<string | null>)
	label: string
	kind?: ButtonProps['kind']
}) {
	const [told, setTold] = useState<{ words: string; at: number } | null>(null)
	const now = useNow()
	const copy = async () => {
		const value = typeof text === 'string' ? text : await text()
		const words = value !== null && (await putOnClipboard(value)) ? 'Copied' : 'Could not copy'
		setTold({ words, at: Date.now() })
	}
	const fresh = told !== null && now - told.at < 3000
	return (
		<Button kind={kind} onClick={() => void copy()}>
			<span className="swap" aria-live="polite">
				<span className={fresh ? 'swap-away' : ''}>{label}</span>
				{fresh && <span className="swap-in">{told.words}</span>}
			</span>
		</Button>
	)
}

async function putOnClipboard(text: string): Promise<boolean> {
	try {
		await navigator.clipboard.writeText(text)
		return true
	} catch {
		return copyBySelection(text)
	}
}

/** For a page that may not use the clipboard by itself: the older way, out of a selected field. */
function copyBySelection(text: string): boolean {
	const field = document.createElement('textarea')
	field.value = text
	field.className = 'sr'
	const before = document.activeElement
	document.body.append(field)
	field.select()
	const done = document.execCommand('copy')
	field.remove()
	if (before instanceof HTMLElement) before.focus()
	return done
}
