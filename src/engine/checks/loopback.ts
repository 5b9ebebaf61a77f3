/** Whether a host, as it stands in the settings, is this machine itself. */
export function isLoopback(host: string): boolean {
	return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
