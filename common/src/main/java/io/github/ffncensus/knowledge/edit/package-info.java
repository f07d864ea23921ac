/** Value vectors changed to update facts and to erase relations (Dai et al. 2022, section 5). */
package io.github.ffncensus.knowledge.edit;
