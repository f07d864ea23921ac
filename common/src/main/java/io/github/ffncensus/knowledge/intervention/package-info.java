/** Forward passes in which chosen neurons are suppressed or amplified (Dai et al. 2022, 4.2). */
package io.github.ffncensus.knowledge.intervention;
