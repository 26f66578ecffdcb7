/* SPDX-License-Identifier: MIT */
#include "../../../src/net/webgetwords.h"

#include "fixture.h"

#define FIRST "SSL handshake failure: "

/* By a word of the hint, as the cures differ; NULL: there is none. */
static void expect_hint(const char *reason, const char *word)
{
	char want[200];
	struct error err;

	assert_false(webgetwords_tls("n1", reason, &err));
	snprintf(want, sizeof(want), "n1: %s%s", reason, word ? " (" : "");
	if (!word) {
		assert_string_equal(err.text, want);
		return;
	}
	assert_int_equal(strncmp(err.text, want, strlen(want)), 0);
	if (!strstr(err.text + strlen(want), word))
		fail_msg("%s: no \"%s\"", err.text, word);
}

/* X509_verify_cert_error_string(), and the reasons of the library for alerts. */
static void each_failure_of_tls_has_its_own_cure(void **state)
{
	static const struct {
		const char *reason, *word;
	} cases[] = {
		{ FIRST "unable to get local issuer certificate", "--cacert" },
		{ FIRST "unable to get issuer certificate", "--cacert" },
		{ FIRST "unable to verify the first certificate", "--cacert" },
		{ FIRST "self-signed certificate", "--cacert" },
		{ FIRST "self signed certificate in certificate chain", "--cacert" },
		{ FIRST "certificate signature failure", "--cacert" },
		{ FIRST "certificate has expired", "renewed" },
		{ FIRST "certificate is not yet valid", "clock" },
		{ FIRST "certificate chain too long", NULL },
		{ FIRST "unsuitable certificate purpose", NULL },
		{ FIRST "hostname mismatch", "use a host" },
		{ FIRST "IP address mismatch", "use a host" },
		{ FIRST "authority and subject key identifier mismatch", NULL },
		{ "tlsv13 alert certificate required", "give cert and key" },
		{ "sslv3 alert bad certificate", "give cert and key" },
		{ "sslv3 alert certificate expired", "renew cert" },
		{ "ssl/tls alert certificate expired", "renew cert" },
		{ "sslv3 alert certificate unknown", "refuses the client certificate" },
		{ "sslv3 alert certificate revoked", "refuses the client certificate" },
		{ "sslv3 alert unsupported certificate", "refuses the client certificate" },
		{ "tlsv1 alert unknown ca", "refuses the client certificate" },
		{ "tlsv1 alert internal error", NULL },
		{ FIRST "wrong version number", "no TLS" },
		{ FIRST "connection closed", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		expect_hint(cases[i].reason, cases[i].word);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_failure_of_tls_has_its_own_cure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
