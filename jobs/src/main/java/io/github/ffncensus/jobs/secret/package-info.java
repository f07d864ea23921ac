/** What must not be shown: values of secret settings, and how they are taken out of texts. */
package io.github.ffncensus.jobs.secret;
