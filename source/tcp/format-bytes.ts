const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Decimal units, as `ss` and network tools count: 999 B, 12.4 kB, 3.1 MB. */
export const formatBytes = (bytes: number): string => {
	let value = bytes;
	let unit = 0;
	// Anything above rounds to 1000 of the smaller unit; bytes have no decimals.
	while (
		value >= (unit === 0 ? 999.5 : 999.95) &&
		unit < byteUnits.length - 1
	) {
		value /= 1000;
		unit++;
	}

	const digits = unit === 0 ? 0 : 1;
	return `${value.toFixed(digits)} ${byteUnits[unit]}`;
};
