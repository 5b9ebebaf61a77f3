/** Apart from the schemas: the window asks it, and carries none of them. */

/** The pane of macOS's settings that grants an app the local network. */
export const localNetworkSettings =
	'x-apple.systempreferences:com.apple.preference.security?Privacy_LocalNetwork'

/** Whether a face may open it: some come from a service or a server. */
export function isSafeUrl(url: string): boolean {
	return url === localNetworkSettings || URL.parse(url)?.protocol === 'https:'
}
