interface BarProps {
	/** From 0 to 1. */
	share: number
	label: string
	/** How far it is, in words. */
	words: string
}

/** How far something is. Its words stand beside it. */
export function Bar({ share, label, words }: BarProps) {
	const part = Math.min(1, Math.max(0, share))
	return (
		<svg
			className="bar"
			viewBox="0 0 100 6"
			preserveAspectRatio="none"
			role="progressbar"
			aria-label={label}
			aria-valuenow={Math.round(part * 100)}
			aria-valuemin={0}
			aria-valuemax={100}
			aria-valuetext={words}
		>
			<rect className="bar-ground" width="100" height="6" />
			<rect className="bar-fill" width={part * 100} height="6" />
		</svg>
	)
}
