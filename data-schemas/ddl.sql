-- The tables of FFN Census in SQL. ${warehouse} stands for the warehouse folder, with scheme.
-- The columns are those of the .schema files beside this one; what they mean is in <table>.md.
-- A run whose manifest (${warehouse}/_runs/<run_id>/manifest.json) does not say "complete" may lie half in these folders:
-- name the runs to read.

-- 1. Spark SQL, and whatever shares its catalog. After a new run: MSCK REPAIR TABLE <table>.

CREATE TABLE IF NOT EXISTS sequences (
  `sequence_id` BIGINT,
  `document_id` STRING,
  `ordinal` INT,
  `text` STRING,
  `token_ids` ARRAY<INT>,
  `token_starts` ARRAY<INT>,
  `token_ends` ARRAY<INT>,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/sequences';

CREATE TABLE IF NOT EXISTS rejects (
  `source` STRING,
  `document_id` STRING,
  `reason` STRING,
  `detail` STRING,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/rejects';

CREATE TABLE IF NOT EXISTS scan_rejects (
  `sequence_id` BIGINT,
  `document_id` STRING,
  `tokens` INT,
  `detail` STRING,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/scan_rejects';

CREATE TABLE IF NOT EXISTS activations (
  `layer` INT,
  `sequence_id` BIGINT,
  `position` INT,
  `token_id` INT,
  `neurons` ARRAY<INT>,
  `coefficients` ARRAY<FLOAT>,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/activations';

CREATE TABLE IF NOT EXISTS neuron_stats (
  `layer` INT,
  `neuron` INT,
  `token_count` BIGINT,
  `mean` DOUBLE,
  `stddev` DOUBLE,
  `skewness` DOUBLE,
  `kurtosis` DOUBLE,
  `min` FLOAT,
  `max` FLOAT,
  `active_fraction` DOUBLE,
  `p50` FLOAT,
  `p90` FLOAT,
  `p99` FLOAT,
  `p999` FLOAT,
  `histogram` ARRAY<BIGINT>,
  `quadrant_fractions` ARRAY<DOUBLE>,
  `quadrant_means` ARRAY<DOUBLE>,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/neuron_stats';

CREATE TABLE IF NOT EXISTS trigger_prefixes (
  `layer` INT,
  `neuron` INT,
  `polarity` STRING,
  `rank` INT,
  `coefficient` FLOAT,
  `sequence_id` BIGINT,
  `position` INT,
  `document_id` STRING,
  `prefix` STRING,
  `token_id` INT,
  `token` STRING,
  `next_token_id` INT,
  `next_token` STRING,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/trigger_prefixes';

CREATE TABLE IF NOT EXISTS layer_composition (
  `layer` INT,
  `positions` BIGINT,
  `mean_active_memories` DOUBLE,
  `active_fraction` DOUBLE,
  `zero_agreement_fraction` DOUBLE,
  `zero_agreement_reading` STRING,
  `zero_agreement_active` DOUBLE,
  `zero_agreement_positive` DOUBLE,
  `zero_agreement_all` DOUBLE,
  `zero_agreement_code` DOUBLE,
  `active_min` INT,
  `active_p10` INT,
  `active_p25` INT,
  `active_p50` INT,
  `active_p75` INT,
  `active_p90` INT,
  `active_max` INT,
  `mean_negative_memories` DOUBLE,
  `mean_large_memories` DOUBLE,
  `mean_agreeing_memories` DOUBLE,
  `agreeing_share` DOUBLE,
  `short_prefix_fraction` DOUBLE,
  `short_prefix_fraction_of_agreeing` DOUBLE,
  `stop_word_fraction` DOUBLE,
  `stop_word_fraction_of_agreeing` DOUBLE,
  `lens` STRING,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/layer_composition';

CREATE TABLE IF NOT EXISTS prediction_refinement (
  `layer` INT,
  `positions` BIGINT,
  `residual_matches_output` DOUBLE,
  `mean_output_probability` DOUBLE,
  `residual` DOUBLE,
  `ffn` DOUBLE,
  `agreement` DOUBLE,
  `composition` DOUBLE,
  `residual_positions` BIGINT,
  `ffn_positions` BIGINT,
  `agreement_positions` BIGINT,
  `composition_positions` BIGINT,
  `split_agreement_positions` BIGINT,
  `median_output_probability` DOUBLE,
  `settled_positions` BIGINT,
  `settled_fraction` DOUBLE,
  `residual_token_z_in_ffn` DOUBLE,
  `residual_token_z_in_ffn_of_changed` DOUBLE,
  `demoted_fraction_of_changed` DOUBLE,
  `residual_token_rank_in_ffn_p50` INT,
  `composition_cosine` DOUBLE,
  `composition_shared_stem_fraction` DOUBLE,
  `composition_related_fraction` DOUBLE,
  `composition_token_rank_in_residual_p50` INT,
  `lens` STRING,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/prediction_refinement';

CREATE TABLE IF NOT EXISTS position_counts (
  `layer` INT,
  `quantity` STRING,
  `bin` INT,
  `count` BIGINT,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/position_counts';

CREATE TABLE IF NOT EXISTS value_predictions (
  `layer` INT,
  `neuron` INT,
  `top_token_ids` ARRAY<INT>,
  `top_tokens` ARRAY<STRING>,
  `top_probabilities` ARRAY<FLOAT>,
  `top_token_id` INT,
  `max_probability` DOUBLE,
  `entropy` DOUBLE,
  `trigger_next_token_id` INT,
  `agrees` BOOLEAN,
  `next_token_rank` INT,
  `agreement_count` INT,
  `targets` INT,
  `bottom_token_ids` ARRAY<INT>,
  `bottom_tokens` ARRAY<STRING>,
  `peak_z` DOUBLE,
  `margin_z` DOUBLE,
  `mean_coefficient` DOUBLE,
  `max_probability_at_mean_coefficient` DOUBLE,
  `entropy_at_mean_coefficient` DOUBLE,
  `lens` STRING,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/value_predictions';

CREATE TABLE IF NOT EXISTS value_lenses (
  `layer` INT,
  `neuron` INT,
  `lens` STRING,
  `top_token_id` INT,
  `top_token` STRING,
  `peak_z` DOUBLE,
  `trigger_next_token_id` INT,
  `agrees` BOOLEAN,
  `next_token_rank` INT,
  `max_cosine` DOUBLE,
  `max_cosine_token_id` INT,
  `max_cosine_token` STRING,
  `min_cosine` DOUBLE,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/value_lenses';

CREATE TABLE IF NOT EXISTS activation_examples (
  `layer` INT,
  `neuron` INT,
  `band` STRING,
  `example` INT,
  `coefficient` FLOAT,
  `sequence_id` BIGINT,
  `position` INT,
  `document_id` STRING,
  `prefix` STRING,
  `token_id` INT,
  `token` STRING,
  `next_token_id` INT,
  `next_token` STRING,
  `positions_in_band` BIGINT,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/activation_examples';

CREATE TABLE IF NOT EXISTS trigger_perturbations (
  `layer` INT,
  `neuron` INT,
  `rank` INT,
  `removed` STRING,
  `removed_token` STRING,
  `coefficient` FLOAT,
  `perturbed_coefficient` FLOAT,
  `relative_change` DOUBLE,
  `removed_token_id` INT,
  `removed_position` INT,
  `reread_coefficient` FLOAT,
  `control_neuron` INT,
  `control_coefficient` FLOAT,
  `control_perturbed_coefficient` FLOAT,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/trigger_perturbations';

CREATE TABLE IF NOT EXISTS perturbation_summary (
  `layer` INT,
  `removed` STRING,
  `sampled_neurons` INT,
  `rows` BIGINT,
  `undefined` BIGINT,
  `mean_relative_change` DOUBLE,
  `median_relative_change` DOUBLE,
  `mean_control_change` DOUBLE,
  `mean_absolute_control_change` DOUBLE,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/perturbation_summary';

CREATE TABLE IF NOT EXISTS memory_positions (
  `layer` INT,
  `sequence_id` BIGINT,
  `position` INT,
  `token_id` INT,
  `token` STRING,
  `output_token_id` INT,
  `output_token` STRING,
  `output_probability` DOUBLE,
  `output_entropy` DOUBLE,
  `residual_length` FLOAT,
  `residual_rank` INT,
  `active_memories` INT,
  `total_contribution` DOUBLE,
  `residual_token_id` INT,
  `residual_token` STRING,
  `residual_output_rank` INT,
  `residual_output_probability` DOUBLE,
  `ffn_token_id` INT,
  `ffn_token` STRING,
  `ffn_output_rank` INT,
  `ffn_output_probability` DOUBLE,
  `residual_token_rank_in_ffn` INT,
  `residual_token_probability_in_ffn` DOUBLE,
  `median_output_rank` INT,
  `output_voters` INT,
  `memories_for_ffn_token` INT,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/memory_positions';

CREATE TABLE IF NOT EXISTS memory_ablations (
  `layer` INT,
  `sequence_id` BIGINT,
  `position` INT,
  `rank` INT,
  `neuron` INT,
  `coefficient` FLOAT,
  `contribution` FLOAT,
  `value_token_id` INT,
  `value_token` STRING,
  `output_token_id` INT,
  `output_token` STRING,
  `output_rank_in_value` INT,
  `output_probability_in_value` DOUBLE,
  `ffn_token_rank_in_value` INT,
  `ffn_token_probability_in_value` DOUBLE,
  `log_probability_change` DOUBLE,
  `changes_prediction` BOOLEAN,
  `prediction_without_id` INT,
  `prediction_without` STRING,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/memory_ablations';

CREATE TABLE IF NOT EXISTS background_prefixes (
  `sequence_id` BIGINT,
  `position` INT,
  `document_id` STRING,
  `prefix` STRING,
  `token_id` INT,
  `token` STRING,
  `next_token_id` INT,
  `next_token` STRING,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/background_prefixes';

CREATE TABLE IF NOT EXISTS trigger_patterns (
  `layer` INT,
  `neuron` INT,
  `kind` STRING,
  `pattern` STRING,
  `support` INT,
  `prefixes` INT,
  `background_rate` DOUBLE,
  `score` DOUBLE,
  `polarity` STRING,
  `class` STRING,
  `counted` INT,
  `background_matches` INT,
  `p_value` DOUBLE,
  `adjusted_p_value` DOUBLE,
  `ranks` ARRAY<INT>,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/trigger_patterns';

CREATE TABLE IF NOT EXISTS trigger_pattern_scores (
  `layer` INT,
  `neuron` INT,
  `polarity` STRING,
  `prefixes` INT,
  `tested` INT,
  `patterns` INT,
  `shallow_only` INT,
  `semantic_only` INT,
  `shallow_and_semantic` INT,
  `not_covered` INT,
  `shallow_index` DOUBLE,
  `semantic_index` DOUBLE,
  `last_token_concentration` DOUBLE,
  `last_token_effective` DOUBLE,
  `common_suffix` DOUBLE,
  `lexical_diversity` DOUBLE,
  `topic_coherence` DOUBLE,
  `document_effective` DOUBLE,
  `next_token_concentration` DOUBLE,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/trigger_pattern_scores';

CREATE TABLE IF NOT EXISTS pattern_summary (
  `layer` INT,
  `polarity` STRING,
  `neurons` INT,
  `neurons_with_triggers` BIGINT,
  `neurons_with_pattern` BIGINT,
  `neurons_with_shallow` BIGINT,
  `neurons_with_semantic` BIGINT,
  `neurons_with_last_token` BIGINT,
  `neurons_with_last_stem` BIGINT,
  `neurons_with_suffix_ngram` BIGINT,
  `neurons_with_ngram` BIGINT,
  `neurons_with_skip_pair` BIGINT,
  `neurons_with_shape` BIGINT,
  `neurons_with_topic` BIGINT,
  `neurons_with_document` BIGINT,
  `neurons_with_next_token` BIGINT,
  `patterns` BIGINT,
  `prefixes` BIGINT,
  `patterns_per_neuron` DOUBLE,
  `shallow_only` DOUBLE,
  `semantic_only` DOUBLE,
  `shallow_and_semantic` DOUBLE,
  `not_covered` DOUBLE,
  `median_last_token_concentration` DOUBLE,
  `median_lexical_diversity` DOUBLE,
  `median_topic_coherence` DOUBLE,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/pattern_summary';

CREATE TABLE IF NOT EXISTS key_value_findings (
  `finding` STRING,
  `layer` INT,
  `value` DOUBLE,
  `paper_value` DOUBLE,
  `detail` STRING,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/key_value_findings';

CREATE TABLE IF NOT EXISTS fact_rejects (
  `source` STRING,
  `line` BIGINT,
  `relation` STRING,
  `fact_id` STRING,
  `prompt_id` INT,
  `reason` STRING,
  `detail` STRING,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/fact_rejects';

CREATE TABLE IF NOT EXISTS fact_prompts (
  `relation` STRING,
  `fact_id` STRING,
  `prompt_id` INT,
  `prompt` STRING,
  `answer` STRING,
  `answer_token_ids` ARRAY<INT>,
  `answer_probability` DOUBLE,
  `answer_rank` INT,
  `predicted` STRING,
  `predicted_token_ids` ARRAY<INT>,
  `head` STRING,
  `aliases` ARRAY<STRING>,
  `tails` ARRAY<STRING>,
  `language` STRING,
  `reading` STRING,
  `negative` BOOLEAN,
  `votes` BOOLEAN,
  `answer_in_head` BOOLEAN,
  `other_answers` INT,
  `max_attribution` FLOAT,
  `max_activation` FLOAT,
  `attribution_threshold` DOUBLE,
  `activation_threshold` DOUBLE,
  `source` STRING,
  `line` BIGINT,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/fact_prompts';

CREATE TABLE IF NOT EXISTS fact_attributions (
  `relation` STRING,
  `fact_id` STRING,
  `prompt_id` INT,
  `layer` INT,
  `neuron` INT,
  `attribution` FLOAT,
  `activation` FLOAT,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/fact_attributions';

CREATE TABLE IF NOT EXISTS fact_activations (
  `relation` STRING,
  `fact_id` STRING,
  `prompt_id` INT,
  `layer` INT,
  `neuron` INT,
  `attribution` FLOAT,
  `activation` FLOAT,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/fact_activations';

CREATE TABLE IF NOT EXISTS attribution_layers (
  `relation` STRING,
  `fact_id` STRING,
  `prompt_id` INT,
  `layer` INT,
  `probability_full` DOUBLE,
  `probability_zeroed` DOUBLE,
  `attribution_sum` DOUBLE,
  `residual` DOUBLE,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/attribution_layers';

CREATE TABLE IF NOT EXISTS knowledge_neurons (
  `method` STRING,
  `relation` STRING,
  `fact_id` STRING,
  `layer` INT,
  `neuron` INT,
  `prompts_sharing` INT,
  `prompts` INT,
  `mean_attribution` DOUBLE,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/knowledge_neurons';

CREATE TABLE IF NOT EXISTS relation_neurons (
  `method` STRING,
  `relation` STRING,
  `layer` INT,
  `neuron` INT,
  `facts_sharing` INT,
  `facts` INT,
  `rank` INT,
  `mean_attribution` DOUBLE,
  `in_relation_set` BOOLEAN,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/relation_neurons';

CREATE TABLE IF NOT EXISTS refinement_ratios (
  `method` STRING,
  `relation` STRING,
  `ratio` DOUBLE,
  `mean_neurons` DOUBLE,
  `in_band` BOOLEAN,
  `facts` INT,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/refinement_ratios';

CREATE TABLE IF NOT EXISTS knowledge_neuron_activations (
  `method` STRING,
  `relation` STRING,
  `fact_id` STRING,
  `layer` INT,
  `neuron` INT,
  `text_class` STRING,
  `sentences` BIGINT,
  `mean` DOUBLE,
  `stddev` DOUBLE,
  `min` FLOAT,
  `max` FLOAT,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/knowledge_neuron_activations';

CREATE TABLE IF NOT EXISTS knowledge_neuron_triggers (
  `method` STRING,
  `relation` STRING,
  `fact_id` STRING,
  `direction` STRING,
  `rank` INT,
  `mean_activation` DOUBLE,
  `sequence_id` BIGINT,
  `text` STRING,
  `text_class` STRING,
  `scope` STRING,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/knowledge_neuron_triggers';

CREATE TABLE IF NOT EXISTS knowledge_neuron_rejects (
  `sequence_id` BIGINT,
  `document_id` STRING,
  `tokens` INT,
  `detail` STRING,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/knowledge_neuron_rejects';

CREATE TABLE IF NOT EXISTS knowledge_neuron_findings (
  `finding` STRING,
  `layer` INT,
  `value` DOUBLE,
  `paper_value` DOUBLE,
  `detail` STRING,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/knowledge_neuron_findings';

CREATE TABLE IF NOT EXISTS fact_interventions (
  `method` STRING,
  `relation` STRING,
  `fact_id` STRING,
  `prompt_id` INT,
  `target` STRING,
  `operation` STRING,
  `probability_before` DOUBLE,
  `probability_after` DOUBLE,
  `factor` DOUBLE,
  `neurons` INT,
  `prompt_relation` STRING,
  `prompt_fact_id` STRING,
  `answer_rank_before` INT,
  `answer_rank_after` INT,
  `predicted_before` STRING,
  `predicted_after` STRING,
  `flipped` BOOLEAN,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/fact_interventions';

CREATE TABLE IF NOT EXISTS neuron_interactions (
  `method` STRING,
  `relation` STRING,
  `fact_id` STRING,
  `prompt_id` INT,
  `layer_a` INT,
  `neuron_a` INT,
  `layer_b` INT,
  `neuron_b` INT,
  `drop_a` DOUBLE,
  `drop_b` DOUBLE,
  `drop_both` DOUBLE,
  `interaction` DOUBLE,
  `probability_before` DOUBLE,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/neuron_interactions';

CREATE TABLE IF NOT EXISTS suppression_curves (
  `method` STRING,
  `relation` STRING,
  `fact_id` STRING,
  `prompt_id` INT,
  `suppressed` INT,
  `layer` INT,
  `neuron` INT,
  `probability_drop` DOUBLE,
  `probability_before` DOUBLE,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/suppression_curves';

CREATE TABLE IF NOT EXISTS fact_edits (
  `kind` STRING,
  `relation` STRING,
  `fact_id` STRING,
  `edited_neurons` INT,
  `answer_before` STRING,
  `answer_after` STRING,
  `target` STRING,
  `probability_before` DOUBLE,
  `probability_after` DOUBLE,
  `target_probability_before` DOUBLE,
  `target_probability_after` DOUBLE,
  `intra_relation_perplexity_before` DOUBLE,
  `intra_relation_perplexity_after` DOUBLE,
  `inter_relation_perplexity_before` DOUBLE,
  `inter_relation_perplexity_after` DOUBLE,
  `method` STRING,
  `judged_prompt_id` INT,
  `answer` STRING,
  `target_fact_id` STRING,
  `answer_rank_before` INT,
  `answer_rank_after` INT,
  `target_rank_before` INT,
  `target_rank_after` INT,
  `intra_relation_prompts` INT,
  `intra_relation_accuracy_before` DOUBLE,
  `intra_relation_accuracy_after` DOUBLE,
  `inter_relation_prompts` INT,
  `inter_relation_accuracy_before` DOUBLE,
  `inter_relation_accuracy_after` DOUBLE,
  `subject_prompts` INT,
  `subject_perplexity_before` DOUBLE,
  `subject_perplexity_after` DOUBLE,
  `text_perplexity_before` DOUBLE,
  `text_perplexity_after` DOUBLE,
  `direction` STRING,
  `direction_rank` INT,
  `answer_tokens` INT,
  `target_tokens` INT,
  `target_first_token_predicted` BOOLEAN,
  `changed` BOOLEAN,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/fact_edits';

CREATE TABLE IF NOT EXISTS fact_edit_prompts (
  `kind` STRING,
  `method` STRING,
  `relation` STRING,
  `fact_id` STRING,
  `prompt_id` INT,
  `judged` BOOLEAN,
  `localising` BOOLEAN,
  `answer` STRING,
  `target` STRING,
  `answer_before` STRING,
  `answer_after` STRING,
  `changed` BOOLEAN,
  `probability_before` DOUBLE,
  `probability_after` DOUBLE,
  `target_probability_before` DOUBLE,
  `target_probability_after` DOUBLE,
  `answer_rank_before` INT,
  `answer_rank_after` INT,
  `target_rank_before` INT,
  `target_rank_after` INT,
  `direction` STRING,
  `answer_tokens` INT,
  `target_tokens` INT,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/fact_edit_prompts';

CREATE TABLE IF NOT EXISTS edit_deltas (
  `kind` STRING,
  `method` STRING,
  `relation` STRING,
  `fact_id` STRING,
  `layer` INT,
  `neuron` INT,
  `value` ARRAY<FLOAT>,
  `weights_sha256` STRING,
  `direction` STRING,
  `run_id` STRING
)
USING parquet
PARTITIONED BY (run_id)
LOCATION '${warehouse}/edit_deltas';

-- 2. DuckDB: views over the files, no load. Only the files of the runs asked for are read.
-- DuckDB refuses a view over no files: leave out a table that no run in the warehouse has, such as activations where
-- scan.activations.mode is off.

CREATE OR REPLACE VIEW sequences AS
  SELECT * FROM read_parquet('${warehouse}/sequences/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW rejects AS
  SELECT * FROM read_parquet('${warehouse}/rejects/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW scan_rejects AS
  SELECT * FROM read_parquet('${warehouse}/scan_rejects/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW activations AS
  SELECT * FROM read_parquet('${warehouse}/activations/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW neuron_stats AS
  SELECT * FROM read_parquet('${warehouse}/neuron_stats/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW trigger_prefixes AS
  SELECT * FROM read_parquet('${warehouse}/trigger_prefixes/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW layer_composition AS
  SELECT * FROM read_parquet('${warehouse}/layer_composition/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW prediction_refinement AS
  SELECT * FROM read_parquet('${warehouse}/prediction_refinement/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW position_counts AS
  SELECT * FROM read_parquet('${warehouse}/position_counts/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW value_predictions AS
  SELECT * FROM read_parquet('${warehouse}/value_predictions/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW value_lenses AS
  SELECT * FROM read_parquet('${warehouse}/value_lenses/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW activation_examples AS
  SELECT * FROM read_parquet('${warehouse}/activation_examples/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW trigger_perturbations AS
  SELECT * FROM read_parquet('${warehouse}/trigger_perturbations/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW perturbation_summary AS
  SELECT * FROM read_parquet('${warehouse}/perturbation_summary/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW memory_positions AS
  SELECT * FROM read_parquet('${warehouse}/memory_positions/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW memory_ablations AS
  SELECT * FROM read_parquet('${warehouse}/memory_ablations/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW background_prefixes AS
  SELECT * FROM read_parquet('${warehouse}/background_prefixes/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW trigger_patterns AS
  SELECT * FROM read_parquet('${warehouse}/trigger_patterns/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW trigger_pattern_scores AS
  SELECT * FROM read_parquet('${warehouse}/trigger_pattern_scores/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW pattern_summary AS
  SELECT * FROM read_parquet('${warehouse}/pattern_summary/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW key_value_findings AS
  SELECT * FROM read_parquet('${warehouse}/key_value_findings/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW fact_rejects AS
  SELECT * FROM read_parquet('${warehouse}/fact_rejects/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW fact_prompts AS
  SELECT * FROM read_parquet('${warehouse}/fact_prompts/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW fact_attributions AS
  SELECT * FROM read_parquet('${warehouse}/fact_attributions/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW fact_activations AS
  SELECT * FROM read_parquet('${warehouse}/fact_activations/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW attribution_layers AS
  SELECT * FROM read_parquet('${warehouse}/attribution_layers/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW knowledge_neurons AS
  SELECT * FROM read_parquet('${warehouse}/knowledge_neurons/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW relation_neurons AS
  SELECT * FROM read_parquet('${warehouse}/relation_neurons/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW refinement_ratios AS
  SELECT * FROM read_parquet('${warehouse}/refinement_ratios/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW knowledge_neuron_activations AS
  SELECT * FROM read_parquet('${warehouse}/knowledge_neuron_activations/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW knowledge_neuron_triggers AS
  SELECT * FROM read_parquet('${warehouse}/knowledge_neuron_triggers/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW knowledge_neuron_rejects AS
  SELECT * FROM read_parquet('${warehouse}/knowledge_neuron_rejects/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW knowledge_neuron_findings AS
  SELECT * FROM read_parquet('${warehouse}/knowledge_neuron_findings/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW fact_interventions AS
  SELECT * FROM read_parquet('${warehouse}/fact_interventions/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW neuron_interactions AS
  SELECT * FROM read_parquet('${warehouse}/neuron_interactions/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW suppression_curves AS
  SELECT * FROM read_parquet('${warehouse}/suppression_curves/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW fact_edits AS
  SELECT * FROM read_parquet('${warehouse}/fact_edits/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW fact_edit_prompts AS
  SELECT * FROM read_parquet('${warehouse}/fact_edit_prompts/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

CREATE OR REPLACE VIEW edit_deltas AS
  SELECT * FROM read_parquet('${warehouse}/edit_deltas/run_id=*/**/*.parquet', hive_partitioning = true, hive_types = {'run_id': VARCHAR});

-- 3. Views, the same in both.

-- Each neuron's strongest triggers with the whole text they stand in.
CREATE OR REPLACE VIEW triggers_in_context AS
  SELECT t.run_id, t.layer, t.neuron, t.polarity, t.rank, t.coefficient, t.prefix, t.next_token, s.text, s.document_id
  FROM trigger_prefixes t
  JOIN sequences s ON s.run_id = t.run_id AND s.sequence_id = t.sequence_id;

-- A layer at a glance: how often its neurons are active, and how many never are.
CREATE OR REPLACE VIEW layer_activity AS
  SELECT run_id, layer, count(*) AS neurons, avg(active_fraction) AS mean_active_fraction,
    sum(CASE WHEN max <= 0 THEN 1 ELSE 0 END) AS never_active
  FROM neuron_stats
  GROUP BY run_id, layer;

-- Why documents were not used.
CREATE OR REPLACE VIEW reject_reasons AS
  SELECT run_id, source, reason, count(*) AS documents
  FROM rejects
  GROUP BY run_id, source, reason;

-- What the paper plots as agreement against maximal probability: tenths of a run's values by their largest probability.
-- shuffled_pairs_rate is the baseline: the rate if the tenth's values and targets were paired at random, which is larger than
-- 1 / vocabulary because both favour frequent tokens.
CREATE OR REPLACE VIEW agreement_by_max_probability AS
  WITH binned AS (
    SELECT run_id, max_probability, agrees, top_token_id, trigger_next_token_id,
      ntile(10) OVER (PARTITION BY run_id ORDER BY max_probability, layer, neuron) AS tenth
    FROM value_predictions
    WHERE agrees IS NOT NULL
  ), pairs AS (
    SELECT t.run_id, t.tenth, sum(t.targets * v.predictions) AS pairs
    FROM (
      SELECT run_id, tenth, trigger_next_token_id AS token, count(*) AS targets
      FROM binned
      GROUP BY run_id, tenth, trigger_next_token_id
    ) AS t
    JOIN (
      SELECT run_id, tenth, top_token_id AS token, count(*) AS predictions
      FROM binned
      GROUP BY run_id, tenth, top_token_id
    ) AS v ON v.run_id = t.run_id AND v.tenth = t.tenth AND v.token = t.token
    GROUP BY t.run_id, t.tenth
  )
  SELECT b.run_id, b.tenth, count(*) AS neurons, min(b.max_probability) AS from_probability,
    max(b.max_probability) AS to_probability, avg(CASE WHEN b.agrees THEN 1e0 ELSE 0e0 END) AS agreement_rate,
    coalesce(max(p.pairs), 0) * 1e0 / count(*) / count(*) AS shuffled_pairs_rate
  FROM binned AS b
  LEFT JOIN pairs AS p ON p.run_id = b.run_id AND p.tenth = b.tenth
  GROUP BY b.run_id, b.tenth;

-- The 100 values with the largest probability; precision_of_triggers is the share of their triggers' targets that are the top token.
CREATE OR REPLACE VIEW top_values AS
  SELECT run_id, place, layer, neuron, top_tokens, max_probability, agreement_count, targets,
    CASE WHEN targets > 0 THEN CAST(agreement_count AS DOUBLE) / targets END AS precision_of_triggers
  FROM (
    SELECT run_id, layer, neuron, top_tokens, max_probability, agreement_count, targets,
      row_number() OVER (PARTITION BY run_id ORDER BY max_probability DESC, layer, neuron) AS place
    FROM value_predictions
  ) AS ranked
  WHERE place <= 100;

-- In which layers they lie, and how many have a trigger that agrees.
CREATE OR REPLACE VIEW top_values_by_layer AS
  SELECT run_id, layer, count(*) AS top_values, sum(CASE WHEN agreement_count > 0 THEN 1 ELSE 0 END) AS with_agreeing_trigger,
    avg(precision_of_triggers) AS mean_precision
  FROM top_values
  GROUP BY run_id, layer;

-- One embedding space? Agreement, rank and cosines of each layer's values, under each lens. shuffled_pairs_rate is the baseline
-- of agreement_rate, as above.
CREATE OR REPLACE VIEW lens_agreement AS
  WITH pairs AS (
    SELECT t.run_id, t.layer, t.lens, sum(t.targets * v.predictions) AS pairs
    FROM (
      SELECT run_id, layer, lens, trigger_next_token_id AS token, count(*) AS targets
      FROM value_lenses
      WHERE agrees IS NOT NULL
      GROUP BY run_id, layer, lens, trigger_next_token_id
    ) AS t
    JOIN (
      SELECT run_id, layer, lens, top_token_id AS token, count(*) AS predictions
      FROM value_lenses
      WHERE agrees IS NOT NULL
      GROUP BY run_id, layer, lens, top_token_id
    ) AS v ON v.run_id = t.run_id AND v.layer = t.layer AND v.lens = t.lens AND v.token = t.token
    GROUP BY t.run_id, t.layer, t.lens
  )
  SELECT l.run_id, l.layer, l.lens, count(*) AS neurons, count(l.agrees) AS targets,
    avg(CASE WHEN l.agrees THEN 1e0 WHEN NOT l.agrees THEN 0e0 END) AS agreement_rate,
    coalesce(max(p.pairs), 0) * 1e0 / nullif(count(l.agrees), 0) / nullif(count(l.agrees), 0) AS shuffled_pairs_rate,
    median(l.next_token_rank) AS median_next_token_rank, avg(l.peak_z) AS mean_peak_z, avg(l.max_cosine) AS mean_max_cosine,
    avg(CASE WHEN l.max_cosine_token_id = l.top_token_id THEN 1e0 WHEN l.max_cosine IS NOT NULL THEN 0e0 END)
      AS cosine_names_top_token
  FROM value_lenses AS l
  LEFT JOIN pairs AS p ON p.run_id = l.run_id AND p.layer = l.layer AND p.lens = l.lens
  GROUP BY l.run_id, l.layer, l.lens;

-- Why facts and prompts were not used.
CREATE OR REPLACE VIEW fact_reject_reasons AS
  SELECT run_id, source, reason, count(*) AS rejects
  FROM fact_rejects
  GROUP BY run_id, source, reason;

-- A fact at a glance: how well the model knows it, and how many neurons each method gives it.
CREATE OR REPLACE VIEW facts_with_neurons AS
  SELECT f.run_id, f.relation, f.fact_id, f.head, f.answer, f.prompts, f.prompts_answered, f.mean_answer_probability,
    coalesce(n.by_integrated_gradients, 0) AS by_integrated_gradients, coalesce(n.by_activation, 0) AS by_activation
  FROM (
    SELECT run_id, relation, fact_id, min(head) AS head, min(answer) AS answer, count(*) AS prompts,
      sum(CASE WHEN answer_rank = 1 THEN 1 ELSE 0 END) AS prompts_answered, avg(answer_probability) AS mean_answer_probability
    FROM fact_prompts
    WHERE NOT negative
    GROUP BY run_id, relation, fact_id
  ) f
  LEFT JOIN (
    SELECT run_id, relation, fact_id,
      sum(CASE WHEN method = 'integrated_gradients' THEN 1 ELSE 0 END) AS by_integrated_gradients,
      sum(CASE WHEN method = 'activation' THEN 1 ELSE 0 END) AS by_activation
    FROM knowledge_neurons
    GROUP BY run_id, relation, fact_id
  ) n ON n.run_id = f.run_id AND n.relation = f.relation AND n.fact_id = f.fact_id;

-- Average activation of the facts' neurons by class of text: the mean over all (fact, neuron) of a relation, of the facts with
-- text of both classes that mention them, as in knowledge_neuron_findings.
CREATE OR REPLACE VIEW open_domain_activation AS
  SELECT a.run_id, a.method, a.relation, a.text_class, count(*) AS fact_neurons, avg(a.mean) AS mean_activation
  FROM knowledge_neuron_activations a
  JOIN (
    SELECT run_id, method, relation, fact_id
    FROM knowledge_neuron_activations
    WHERE text_class IN ('head_and_tail', 'head_only')
    GROUP BY run_id, method, relation, fact_id
    HAVING count(DISTINCT text_class) = 2
  ) f ON f.run_id = a.run_id AND f.method = a.method AND f.relation = a.relation AND f.fact_id = a.fact_id
  GROUP BY a.run_id, a.method, a.relation, a.text_class;

-- The clearest patterns of each neuron beside what its value promotes.
CREATE OR REPLACE VIEW neuron_patterns AS
  SELECT p.run_id, p.layer, p.neuron, p.polarity, p.class, p.kind, p.pattern, p.support, p.prefixes, p.background_rate,
    p.score, v.top_tokens, v.agrees
  FROM trigger_patterns p
  LEFT JOIN value_predictions v ON v.run_id = p.run_id AND v.layer = p.layer AND v.neuron = p.neuron;

-- What suppressing and amplifying knowledge neurons does, by relation. ratio_of_means is the paper's: the mean change of the
-- answer's probability over its mean; mean_of_ratios averages each prompt's own ratio, so that small probabilities dominate it. lost: of the answers that were the top prediction, the share that no longer are.
CREATE OR REPLACE VIEW intervention_ratios AS
  SELECT run_id, method, relation, target, operation, factor, count(*) AS prompts,
    sum(CASE WHEN neurons > 0 THEN 1 ELSE 0 END) AS prompts_with_neurons,
    avg(probability_before) AS mean_probability_before, avg(probability_after) AS mean_probability_after,
    sum(probability_after - probability_before) / nullif(sum(probability_before), 0) AS ratio_of_means,
    sum(CASE WHEN neurons > 0 THEN probability_after - probability_before END)
      / nullif(sum(CASE WHEN neurons > 0 THEN probability_before END), 0) AS ratio_of_means_with_neurons,
    avg((probability_after - probability_before) / nullif(probability_before, 0)) AS mean_of_ratios,
    avg(ln(greatest(probability_after, 1e-300)) - ln(greatest(probability_before, 1e-300))) AS mean_log_ratio,
    avg(CASE WHEN flipped THEN 1e0 ELSE 0e0 END) AS flipped,
    avg(CASE WHEN answer_rank_before = 1 THEN CASE WHEN answer_rank_after > 1 THEN 1e0 ELSE 0e0 END END) AS lost,
    avg(CASE WHEN answer_rank_before > 1 THEN CASE WHEN answer_rank_after = 1 THEN 1e0 ELSE 0e0 END END) AS gained
  FROM fact_interventions
  GROUP BY run_id, method, relation, target, operation, factor;

-- The same, mean over relations, as the paper's figures have it.
CREATE OR REPLACE VIEW intervention_summary AS
  SELECT run_id, method, target, operation, factor, count(*) AS relations, sum(prompts) AS prompts,
    avg(ratio_of_means) AS ratio_of_means, avg(ratio_of_means_with_neurons) AS ratio_of_means_with_neurons,
    avg(mean_of_ratios) AS mean_of_ratios,
    avg(mean_log_ratio) AS mean_log_ratio, avg(flipped) AS flipped, avg(lost) AS lost, avg(gained) AS gained
  FROM intervention_ratios
  GROUP BY run_id, method, target, operation, factor;

-- How few of a fact's neurons do nine tenths of what all of them do to its answer, where these do it harm.
CREATE OR REPLACE VIEW minimal_sets AS
  SELECT run_id, method, relation, fact_id, prompt_id, max(suppressed) AS neurons,
    min(CASE WHEN probability_drop >= 0.9 * drop_of_all THEN suppressed END) AS minimal_neurons,
    max(drop_of_all) AS drop_of_all
  FROM (
    SELECT *, last_value(probability_drop) OVER (
      PARTITION BY run_id, method, relation, fact_id, prompt_id ORDER BY suppressed
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS drop_of_all
    FROM suppression_curves) AS curves
  WHERE drop_of_all > 0
  GROUP BY run_id, method, relation, fact_id, prompt_id;

-- Edits at a glance. Rates are those of updates at their judged prompts, of all answers and of those of one token alone;
-- perplexities are averaged over edits as logarithms.
CREATE OR REPLACE VIEW edit_summary AS
  SELECT run_id, method, kind, direction, count(*) AS edits, avg(edited_neurons) AS mean_edited_neurons,
    avg(CASE WHEN changed THEN 1e0 WHEN NOT changed THEN 0e0 END) AS change_rate,
    avg(CASE WHEN answer_tokens = 1 AND target_tokens = 1 THEN CASE WHEN target_rank_after = 1 THEN 1e0 ELSE 0e0 END END)
      AS success_rate,
    avg(CASE WHEN answer_tokens = 1 AND target_tokens = 1 THEN CASE WHEN target_rank_after <= 5 THEN 1e0 ELSE 0e0 END END)
      AS top5_success_rate,
    avg(CASE WHEN target_rank_after IS NULL THEN NULL WHEN target_rank_after = 1 THEN 1e0 ELSE 0e0 END) AS success_rate_of_all,
    avg(CASE WHEN target_first_token_predicted THEN 1e0 WHEN NOT target_first_token_predicted THEN 0e0 END)
      AS first_token_success_rate,
    median(direction_rank) AS median_direction_rank,
    avg(1e0 / target_rank_after) AS mean_reciprocal_rank,
    exp(avg(ln(intra_relation_perplexity_before))) AS intra_relation_perplexity_before,
    exp(avg(ln(intra_relation_perplexity_after))) AS intra_relation_perplexity_after,
    exp(avg(ln(inter_relation_perplexity_before))) AS inter_relation_perplexity_before,
    exp(avg(ln(inter_relation_perplexity_after))) AS inter_relation_perplexity_after,
    exp(avg(ln(subject_perplexity_before))) AS subject_perplexity_before,
    exp(avg(ln(subject_perplexity_after))) AS subject_perplexity_after,
    exp(avg(ln(text_perplexity_before))) AS text_perplexity_before,
    exp(avg(ln(text_perplexity_after))) AS text_perplexity_after
  FROM fact_edits
  GROUP BY run_id, method, kind, direction;

-- Updates on all prompts of their facts, those that found the neurons apart from those that did not. Rates mean what they mean in
-- edit_summary: success_rate is of prompts whose old and new answers have one token, success_rate_of_all of all.
CREATE OR REPLACE VIEW update_success AS
  SELECT run_id, method, kind, direction, localising, count(*) AS prompts,
    avg(CASE WHEN changed THEN 1e0 ELSE 0e0 END) AS change_rate,
    avg(CASE WHEN answer_tokens = 1 AND target_tokens = 1 THEN CASE WHEN target_rank_after = 1 THEN 1e0 ELSE 0e0 END END)
      AS success_rate,
    avg(CASE WHEN answer_tokens = 1 AND target_tokens = 1 THEN CASE WHEN target_rank_after <= 5 THEN 1e0 ELSE 0e0 END END)
      AS top5_success_rate,
    avg(CASE WHEN target_rank_after = 1 THEN 1e0 ELSE 0e0 END) AS success_rate_of_all,
    avg(1e0 / target_rank_after) AS mean_reciprocal_rank,
    avg(target_probability_after - target_probability_before) AS mean_target_gain,
    avg(probability_after - probability_before) AS mean_answer_gain
  FROM fact_edit_prompts
  GROUP BY run_id, method, kind, direction, localising;
