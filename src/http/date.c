/* The Date field.  Written by hand: strftime(3) uses the names of the locale
 * that an application may have set. */
#include "ucorn/http/date.h"

#include <string.h>

static const char days[] = "SunMonTueWedThuFriSat";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static void put_digits(char *at, int value, int digits)
{
	while (digits-- > 0) {
		at[digits] = (char)('0' + value % 10);
		value /= 10;
	}
}

void http_date_set(struct http_date *d, time_t now)
{
	struct tm utc;

	if ((d->second == now && d->text[0] != '\0') || !gmtime_r(&now, &utc))
		return;
	memcpy(d->text, "ddd, 00 mmm 0000 00:00:00 GMT", sizeof(d->text));
	memcpy(d->text, days + 3 * utc.tm_wday, 3);
	put_digits(d->text + 5, utc.tm_mday, 2);
	memcpy(d->text + 8, months + 3 * utc.tm_mon, 3);
	put_digits(d->text + 12, utc.tm_year + 1900, 4);
	put_digits(d->text + 17, utc.tm_hour, 2);
	put_digits(d->text + 20, utc.tm_min, 2);
	put_digits(d->text + 23, utc.tm_sec, 2);
	d->second = now;
}
