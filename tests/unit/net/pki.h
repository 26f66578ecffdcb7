/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_NET_PKI_H
#define TESTS_UNIT_NET_PKI_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

/* Certificates made on the spot: P-256 keys, signed by an authority of the test or by themselves.
 */
struct pki_cert {
	X509 *cert;
	EVP_PKEY *key;
};

struct pki_request {
	const char *names; /* subjectAltName as OpenSSL writes it, or NULL: an authority */
	const struct pki_cert *from; /* who signs; NULL: itself */
	long from_s, until_s;        /* relative to now */
};

static inline bool pki_extend(struct pki_cert *c, const struct pki_cert *issuer, int nid,
                              const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;
	int done;

	X509V3_set_ctx(&ctx, issuer->cert, c->cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	done = e && X509_add_ext(c->cert, e, -1);
	X509_EXTENSION_free(e);
	return done;
}

static inline bool pki_make(const struct pki_request *r, struct pki_cert *ret)
{
	static long serial;
	struct pki_cert c = { X509_new(), EVP_EC_gen("P-256") };
	const struct pki_cert *issuer = r->from ? r->from : &c;
	X509_NAME *subject = X509_get_subject_name(c.cert);
	char cn[32];

	*ret = c;
	if (r->names)
		snprintf(cn, sizeof(cn), "node");
	else
		snprintf(cn, sizeof(cn), "authority %ld", serial);
	return X509_set_version(c.cert, X509_VERSION_3) &&
	       ASN1_INTEGER_set(X509_get_serialNumber(c.cert), ++serial) &&
	       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (unsigned char *)cn, -1, -1,
	                                  0) &&
	       X509_set_issuer_name(c.cert, X509_get_subject_name(issuer->cert)) &&
	       X509_gmtime_adj(X509_getm_notBefore(c.cert), r->from_s) &&
	       X509_gmtime_adj(X509_getm_notAfter(c.cert), r->until_s) &&
	       X509_set_pubkey(c.cert, c.key) &&
	       pki_extend(&c, issuer, NID_basic_constraints,
	                  r->names ? "critical,CA:FALSE" : "critical,CA:TRUE") &&
	       (!r->names || pki_extend(&c, issuer, NID_subject_alt_name, r->names)) &&
	       X509_sign(c.cert, issuer->key, EVP_sha256()) > 0;
}

static inline void pki_free(struct pki_cert *c)
{
	X509_free(c->cert);
	EVP_PKEY_free(c->key);
}

/* Writes either or both; a passphrase encrypts the key. */
static inline bool pki_write(const char *path, X509 *cert, EVP_PKEY *key, const char *passphrase)
{
	FILE *f = fopen(path, "we");
	bool done = f != NULL;
	const EVP_CIPHER *cipher = passphrase ? EVP_aes_128_cbc() : NULL;

	if (done && cert)
		done = PEM_write_X509(f, cert);
	if (done && key)
		done =
		    PEM_write_PKCS8PrivateKey(f, key, cipher, passphrase,
		                              passphrase ? (int)strlen(passphrase) : 0, NULL, NULL);
	if (f)
		fclose(f);
	return done;
}

#endif
