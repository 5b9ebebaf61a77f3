/** What a person wishes of the runs that an operation starts. */
export interface StartWish {
	/** One run for each, with these parameters beside the settings' own; more than one is a series. */
	sets?: Record<string, string>[] | undefined
	/** Also where a log-out would end it. */
	anyway?: boolean | undefined
}
