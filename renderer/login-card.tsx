import { type FormEvent, type KeyboardEvent, useId, useLayoutEffect, useRef, useState } from 'react'
import type { LoginQuestion } from '../src/contract/state.ts'
import { Button } from './button.tsx'
import { elementId } from './details.tsx'
import { useHawser } from './hawser.tsx'
import { loginFields, loginWords } from './login-words.ts'
import { mayTakeFocus } from './own-act.ts'

const cardId = (workstation: string) => elementId(`login:${workstation}`)

/** Brings the person to the question, wherever they were. */
export function focusLogin(workstation: string): void {
	const card = document.getElementById(cardId(workstation))
	if (card) focusFirst(card)
}

/** The first field, else the card itself: no answer is preset where there is nothing to type. */
function focusFirst(card: HTMLElement): void {
	const place = card.querySelector<HTMLElement>('input[data-answer]') ?? card
	place.focus()
	card.scrollIntoView({ block: 'nearest' })
}

interface LoginCardProps {
	workstation: string
	question: LoginQuestion
	/** There are others it could be about. */
	several: boolean
}

/** What only a person can say or do for a login. What is typed lives in its fields until it is sent, and nowhere after. */
export function LoginCard({ workstation, question, several }: LoginCardProps) {
	const { send } = useHawser()
	const card = useRef<HTMLElement>(null)
	const id = useId()
	const [answered, setAnswered] = useState<string | null>(null)
	const waits = answered === question.id
	const words = loginWords(question)
	const typed = loginFields(question).length > 0

	// biome-ignore lint/correctness/useExhaustiveDependencies: a question arrives with its id, or again when its answer was refused
	useLayoutEffect(() => {
		const own = card.current
		if (!own || waits) return
		if (own.contains(document.activeElement) || mayTakeFocus(workstation)) focusFirst(own)
	}, [question.id, waits, workstation])

	const answer = async (answers: string[] | null, keep = false) => {
		card.current?.focus()
		setAnswered(question.id)
		const taken = await send('answerLogin', { workstation, question: question.id, answers, keep })
		if (taken === null) setAnswered((before) => (before === question.id ? null : before))
	}
	const giveUpByKey = (event: KeyboardEvent) => {
		if (event.key !== 'Escape' || event.nativeEvent.isComposing || waits) return
		event.preventDefault()
		void answer(null)
	}
	return (
		<section
			ref={card}
			id={cardId(workstation)}
			className="card fix fix-person login"
			tabIndex={-1}
			aria-labelledby={`${id}-title`}
			aria-describedby={`${id}-meaning`}
			onKeyDown={giveUpByKey}
		>
			{several && <p className="small login-workstation">{workstation}</p>}
			<h2 className="problem-title" id={`${id}-title`}>
				{words.title}
			</h2>
			<p id={`${id}-meaning`}>{words.meaning}</p>
			{question.again && typed && !waits && (
				<p className="login-again" role="alert" id={`${id}-again`}>
					That was not right.
				</p>
			)}
			{question.title.trim() !== '' && <Said text={question.title.trim()} />}
			{waits ? (
				<p role="status" className="quiet">
					{question.kind === 'touch' ? 'Given up.' : 'Sent. Waiting for what comes back.'}
				</p>
			) : (
				<Answers
					key={question.id}
					question={question}
					describedBy={question.again ? `${id}-again` : undefined}
					send={words.send}
					answer={answer}
				/>
			)}
		</section>
	)
}

/** Words from outside, as they are: never markup, and their direction is their own. */
function Said({ text }: { text: string }) {
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls when it is long, also by keyboard
		<blockquote className="said" dir="auto" tabIndex={0} aria-label="What it says">
			{text}
		</blockquote>
	)
}

interface AnswersProps {
	question: LoginQuestion
	describedBy: string | undefined
	send: string
	answer(answers: string[] | null, keep?: boolean): Promise<void>
}

/** The fields keep what is typed to themselves: it is read once, when it is sent, and they are emptied. */
function Answers({ question, describedBy, send, answer }: AnswersProps) {
	const fields = loginFields(question)
	const submit = (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault()
		const form = event.currentTarget
		const given = new FormData(form)
		const answers = fields.map((_, index) => String(given.get(`answer-${index}`) ?? ''))
		const keep = given.get('keep') === 'on'
		form.reset()
		void answer(answers, keep)
	}
	if (question.kind === 'touch' || question.kind === 'confirm')
		return (
			<div className="buttons">
				{question.kind === 'confirm' && (
					<Button kind="main" onClick={() => void answer([])}>
						{send}
					</Button>
				)}
				<Button onClick={() => void answer(null)}>{question.kind === 'confirm' ? 'Deny' : 'Not now'}</Button>
			</div>
		)
	return (
		<form className="answers" onSubmit={submit} autoComplete="off">
			{fields.map((field, index) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: the order is what tells them apart, and it stays
				<label key={index} className="answer">
					<span className="answer-name" dir="auto">
						{field.text}
					</span>
					<input
						data-answer
						className="field"
						name={`answer-${index}`}
						type={field.hidden ? 'password' : 'text'}
						autoComplete={question.kind === 'password' ? 'current-password' : 'off'}
						autoCapitalize="none"
						spellCheck={false}
						maxLength={10_000}
						required={question.kind !== 'prompts'}
						aria-describedby={index === 0 ? describedBy : undefined}
					/>
				</label>
			))}
			{question.mayKeep && (
				<label className="keep">
					<input type="checkbox" name="keep" />
					Keep it in the keychain
				</label>
			)}
			<div className="buttons">
				<Button kind="main" type="submit">
					{send}
				</Button>
				<Button onClick={() => void answer(null)}>Not now</Button>
			</div>
		</form>
	)
}
