/**
 * What the sandbox serves: resources and their types, as a real Kubernetes 1.37 tells them in discovery and OpenAPI v3.
 * Written by tools/schema.mjs: do not edit. The notation is read by Schema.ts and Resources.ts.
 */
export const RESOURCES = `
v1 configmaps configmap N ConfigMap create,delete,deletecollection,get,list,patch,update,watch cm -
v1 endpoints endpoints N Endpoints create,delete,deletecollection,get,list,patch,update,watch ep -
v1 events event N Event create,delete,deletecollection,get,list,patch,update,watch ev -
v1 limitranges limitrange N LimitRange create,delete,deletecollection,get,list,patch,update,watch limits -
v1 namespaces namespace C Namespace create,delete,get,list,patch,update,watch ns -
v1 namespaces/status - C Namespace get,patch,update - -
v1 nodes node C Node create,delete,deletecollection,get,list,patch,update,watch no -
v1 nodes/status - C Node get,patch,update - -
v1 persistentvolumeclaims persistentvolumeclaim N PersistentVolumeClaim create,delete,deletecollection,get,list,patch,update,watch pvc -
v1 persistentvolumeclaims/status - N PersistentVolumeClaim get,patch,update - -
v1 persistentvolumes persistentvolume C PersistentVolume create,delete,deletecollection,get,list,patch,update,watch pv -
v1 persistentvolumes/status - C PersistentVolume get,patch,update - -
v1 pods pod N Pod create,delete,deletecollection,get,list,patch,update,watch po all
v1 pods/eviction - N Eviction create - -
v1 pods/log - N Pod get - -
v1 pods/status - N Pod get,patch,update - -
v1 resourcequotas resourcequota N ResourceQuota create,delete,deletecollection,get,list,patch,update,watch quota -
v1 resourcequotas/status - N ResourceQuota get,patch,update - -
v1 secrets secret N Secret create,delete,deletecollection,get,list,patch,update,watch - -
v1 serviceaccounts serviceaccount N ServiceAccount create,delete,deletecollection,get,list,patch,update,watch sa -
v1 services service N Service create,delete,deletecollection,get,list,patch,update,watch svc all
v1 services/status - N Service get,patch,update - -
apps/v1 controllerrevisions controllerrevision N ControllerRevision create,delete,deletecollection,get,list,patch,update,watch - -
apps/v1 daemonsets daemonset N DaemonSet create,delete,deletecollection,get,list,patch,update,watch ds all
apps/v1 daemonsets/status - N DaemonSet get,patch,update - -
apps/v1 deployments deployment N Deployment create,delete,deletecollection,get,list,patch,update,watch deploy all
apps/v1 deployments/scale - N Scale get,patch,update - -
apps/v1 deployments/status - N Deployment get,patch,update - -
apps/v1 replicasets replicaset N ReplicaSet create,delete,deletecollection,get,list,patch,update,watch rs all
apps/v1 replicasets/scale - N Scale get,patch,update - -
apps/v1 replicasets/status - N ReplicaSet get,patch,update - -
apps/v1 statefulsets statefulset N StatefulSet create,delete,deletecollection,get,list,patch,update,watch sts all
apps/v1 statefulsets/scale - N Scale get,patch,update - -
apps/v1 statefulsets/status - N StatefulSet get,patch,update - -
batch/v1 cronjobs cronjob N CronJob create,delete,deletecollection,get,list,patch,update,watch cj all
batch/v1 cronjobs/status - N CronJob get,patch,update - -
batch/v1 jobs job N Job create,delete,deletecollection,get,list,patch,update,watch - all
batch/v1 jobs/status - N Job get,patch,update - -
autoscaling/v2 horizontalpodautoscalers horizontalpodautoscaler N HorizontalPodAutoscaler create,delete,deletecollection,get,list,patch,update,watch hpa all
autoscaling/v2 horizontalpodautoscalers/status - N HorizontalPodAutoscaler get,patch,update - -
policy/v1 poddisruptionbudgets poddisruptionbudget N PodDisruptionBudget create,delete,deletecollection,get,list,patch,update,watch pdb -
policy/v1 poddisruptionbudgets/status - N PodDisruptionBudget get,patch,update - -
networking.k8s.io/v1 ingressclasses ingressclass C IngressClass create,delete,deletecollection,get,list,patch,update,watch - -
networking.k8s.io/v1 ingresses ingress N Ingress create,delete,deletecollection,get,list,patch,update,watch ing -
networking.k8s.io/v1 ingresses/status - N Ingress get,patch,update - -
networking.k8s.io/v1 ipaddresses ipaddress C IPAddress create,delete,deletecollection,get,list,patch,update,watch ip -
networking.k8s.io/v1 networkpolicies networkpolicy N NetworkPolicy create,delete,deletecollection,get,list,patch,update,watch netpol -
networking.k8s.io/v1 servicecidrs servicecidr C ServiceCIDR create,delete,deletecollection,get,list,patch,update,watch - -
networking.k8s.io/v1 servicecidrs/status - C ServiceCIDR get,patch,update - -
rbac.authorization.k8s.io/v1 clusterrolebindings clusterrolebinding C ClusterRoleBinding create,delete,deletecollection,get,list,patch,update,watch - -
rbac.authorization.k8s.io/v1 clusterroles clusterrole C ClusterRole create,delete,deletecollection,get,list,patch,update,watch - -
rbac.authorization.k8s.io/v1 rolebindings rolebinding N RoleBinding create,delete,deletecollection,get,list,patch,update,watch - -
rbac.authorization.k8s.io/v1 roles role N Role create,delete,deletecollection,get,list,patch,update,watch - -
coordination.k8s.io/v1 leases lease N Lease create,delete,deletecollection,get,list,patch,update,watch - -
apiextensions.k8s.io/v1 customresourcedefinitions customresourcedefinition C CustomResourceDefinition create,delete,deletecollection,get,list,patch,update,watch crd,crds api-extensions
apiextensions.k8s.io/v1 customresourcedefinitions/status - C CustomResourceDefinition get,patch,update - -
admissionregistration.k8s.io/v1 mutatingadmissionpolicies mutatingadmissionpolicy C MutatingAdmissionPolicy create,delete,deletecollection,get,list,patch,update,watch - api-extensions
admissionregistration.k8s.io/v1 mutatingadmissionpolicybindings mutatingadmissionpolicybinding C MutatingAdmissionPolicyBinding create,delete,deletecollection,get,list,patch,update,watch - api-extensions
admissionregistration.k8s.io/v1 mutatingwebhookconfigurations mutatingwebhookconfiguration C MutatingWebhookConfiguration create,delete,deletecollection,get,list,patch,update,watch - api-extensions
admissionregistration.k8s.io/v1 validatingadmissionpolicies validatingadmissionpolicy C ValidatingAdmissionPolicy create,delete,deletecollection,get,list,patch,update,watch - api-extensions
admissionregistration.k8s.io/v1 validatingadmissionpolicies/status - C ValidatingAdmissionPolicy get,patch,update - -
admissionregistration.k8s.io/v1 validatingadmissionpolicybindings validatingadmissionpolicybinding C ValidatingAdmissionPolicyBinding create,delete,deletecollection,get,list,patch,update,watch - api-extensions
admissionregistration.k8s.io/v1 validatingwebhookconfigurations validatingwebhookconfiguration C ValidatingWebhookConfiguration create,delete,deletecollection,get,list,patch,update,watch - api-extensions
storage.k8s.io/v1 csidrivers csidriver C CSIDriver create,delete,deletecollection,get,list,patch,update,watch - -
storage.k8s.io/v1 csinodes csinode C CSINode create,delete,deletecollection,get,list,patch,update,watch - -
storage.k8s.io/v1 csinodes/status - C CSINode get,patch,update - -
storage.k8s.io/v1 csistoragecapacities csistoragecapacity N CSIStorageCapacity create,delete,deletecollection,get,list,patch,update,watch - -
storage.k8s.io/v1 storageclasses storageclass C StorageClass create,delete,deletecollection,get,list,patch,update,watch sc -
storage.k8s.io/v1 volumeattachments volumeattachment C VolumeAttachment create,delete,deletecollection,get,list,patch,update,watch - -
storage.k8s.io/v1 volumeattachments/status - C VolumeAttachment get,patch,update - -
storage.k8s.io/v1 volumeattributesclasses volumeattributesclass C VolumeAttributesClass create,delete,deletecollection,get,list,patch,update,watch vac -
scheduling.k8s.io/v1 priorityclasses priorityclass C PriorityClass create,delete,deletecollection,get,list,patch,update,watch pc -
discovery.k8s.io/v1 endpointslices endpointslice N EndpointSlice create,delete,deletecollection,get,list,patch,update,watch - -
`;

export const KINDS = `
v1 ConfigMap ConfigMap
v1 Endpoints Endpoints
v1 Event Event
v1 LimitRange LimitRange
v1 Namespace Namespace
v1 Node Node
v1 PersistentVolume PersistentVolume
v1 PersistentVolumeClaim PersistentVolumeClaim
v1 Pod Pod
v1 ResourceQuota ResourceQuota
v1 Secret Secret
v1 Service Service
v1 ServiceAccount ServiceAccount
apps/v1 ControllerRevision ControllerRevision
apps/v1 DaemonSet DaemonSet
apps/v1 Deployment Deployment
apps/v1 ReplicaSet ReplicaSet
apps/v1 StatefulSet StatefulSet
batch/v1 CronJob CronJob
batch/v1 Job Job
autoscaling/v2 HorizontalPodAutoscaler HorizontalPodAutoscaler
policy/v1 PodDisruptionBudget PodDisruptionBudget
networking.k8s.io/v1 IPAddress IPAddress
networking.k8s.io/v1 Ingress Ingress
networking.k8s.io/v1 IngressClass IngressClass
networking.k8s.io/v1 NetworkPolicy NetworkPolicy
networking.k8s.io/v1 ServiceCIDR ServiceCIDR
rbac.authorization.k8s.io/v1 ClusterRole ClusterRole
rbac.authorization.k8s.io/v1 ClusterRoleBinding ClusterRoleBinding
rbac.authorization.k8s.io/v1 Role Role
rbac.authorization.k8s.io/v1 RoleBinding RoleBinding
coordination.k8s.io/v1 Lease Lease
apiextensions.k8s.io/v1 CustomResourceDefinition CustomResourceDefinition
admissionregistration.k8s.io/v1 MutatingAdmissionPolicy MutatingAdmissionPolicy
admissionregistration.k8s.io/v1 MutatingAdmissionPolicyBinding MutatingAdmissionPolicyBinding
admissionregistration.k8s.io/v1 MutatingWebhookConfiguration MutatingWebhookConfiguration
admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy ValidatingAdmissionPolicy
admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding ValidatingAdmissionPolicyBinding
admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration ValidatingWebhookConfiguration
storage.k8s.io/v1 CSIDriver CSIDriver
storage.k8s.io/v1 CSINode CSINode
storage.k8s.io/v1 CSIStorageCapacity CSIStorageCapacity
storage.k8s.io/v1 StorageClass StorageClass
storage.k8s.io/v1 VolumeAttachment VolumeAttachment
storage.k8s.io/v1 VolumeAttributesClass VolumeAttributesClass
scheduling.k8s.io/v1 PriorityClass PriorityClass
discovery.k8s.io/v1 EndpointSlice EndpointSlice
`;

export const TYPES = `
AWSElasticBlockStoreVolumeSource fsType:s partition:i readOnly:b volumeID*:s
Affinity nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity
AggregationRule clusterRoleSelectors:list(LabelSelector)
AppArmorProfile localhostProfile:s type*:s
ApplyConfiguration expression:s
AttachedVolume devicePath*:s name*:s
AuditAnnotation key*:s valueExpression*:s
AzureDiskVolumeSource cachingMode:s=ReadWrite diskName*:s diskURI*:s fsType:s=ext4 kind:s=Shared readOnly:b
AzureFilePersistentVolumeSource readOnly:b secretName*:s secretNamespace:s shareName*:s
AzureFileVolumeSource readOnly:b secretName*:s shareName*:s
CSIDriver apiVersion:s kind:s metadata:&ObjectMeta spec*:&CSIDriverSpec
CSIDriverSpec attachRequired:b fsGroupPolicy:s nodeAllocatableUpdatePeriodSeconds:l podInfoOnMount:b preventPodSchedulingIfMissing:b requiresRepublish:b seLinuxMount:b serviceAccountTokenInSecrets:b storageCapacity:b tokenRequests:list(storage.v1.TokenRequest) volumeLifecycleModes:set(s)
CSINode apiVersion:s kind:s metadata:&ObjectMeta spec*:&CSINodeSpec status:&CSINodeStatus
CSINodeDriver allocatable:VolumeNodeResources name*:s nodeID*:s topologyKeys:list(s)
CSINodeSpec drivers*:map(name;CSINodeDriver)~merge:name
CSINodeStatus storageHealth:map(name;StorageHealth)~merge:name
CSIPersistentVolumeSource controllerExpandSecretRef:SecretReference controllerPublishSecretRef:SecretReference driver*:s fsType:s nodeExpandSecretRef:SecretReference nodePublishSecretRef:SecretReference nodeStageSecretRef:SecretReference readOnly:b volumeAttributes:dict(s) volumeHandle*:s
CSIStorageCapacity apiVersion:s capacity:q kind:s maximumVolumeSize:q metadata:&ObjectMeta nodeTopology:LabelSelector storageClassName*:s
CSIVolumeSource driver*:s fsType:s nodePublishSecretRef:LocalObjectReference readOnly:b volumeAttributes:dict(s)
Capabilities add:list(s) drop:list(s)
CephFSPersistentVolumeSource monitors*:list(s) path:s readOnly:b secretFile:s secretRef:SecretReference user:s
CephFSVolumeSource monitors*:list(s) path:s readOnly:b secretFile:s secretRef:LocalObjectReference user:s
CinderPersistentVolumeSource fsType:s readOnly:b secretRef:SecretReference volumeID*:s
CinderVolumeSource fsType:s readOnly:b secretRef:LocalObjectReference volumeID*:s
ClientIPConfig timeoutSeconds:i
ClusterRole aggregationRule:AggregationRule apiVersion:s kind:s metadata:&ObjectMeta rules:list(PolicyRule)
ClusterRoleBinding apiVersion:s kind:s metadata:&ObjectMeta roleRef*:&RoleRef subjects:list(Subject)
ClusterTrustBundleProjection labelSelector:LabelSelector name:s optional:b path*:s signerName:s user:l
Condition lastTransitionTime*:t message*:s observedGeneration:l reason*:s status*:s type*:s
ConfigMap apiVersion:s binaryData:dict(y) data:dict(s) immutable:b kind:s metadata:&ObjectMeta
ConfigMapEnvSource name:s optional:b
ConfigMapKeySelector! key*:s name:s optional:b
ConfigMapNodeConfigSource kubeletConfigKey*:s name*:s namespace*:s resourceVersion:s uid:s
ConfigMapProjection items:list(KeyToPath) name:s optional:b
ConfigMapVolumeSource defaultMode:i defaultUser:l items:list(KeyToPath) name:s optional:b
Container args:list(s) command:list(s) env:map(name;EnvVar)~merge:name envFrom:list(EnvFromSource) image:s imagePullPolicy:s lifecycle:Lifecycle livenessProbe:Probe name*:s ports:map(containerPort,protocol;ContainerPort)~merge:containerPort readinessProbe:Probe resizePolicy:list(ContainerResizePolicy) resources:&ResourceRequirements restartPolicy:s restartPolicyRules:list(ContainerRestartRule) securityContext:SecurityContext startupProbe:Probe stdin:b stdinOnce:b terminationMessagePath:s terminationMessagePolicy:s tty:b volumeDevices:map(devicePath;VolumeDevice)~merge:devicePath volumeMounts:map(mountPath;VolumeMount)~merge:mountPath workingDir:s
ContainerExtendedResourceRequest containerName*:s requestName*:s resourceName*:s
ContainerImage names:list(s) sizeBytes:l
ContainerPort containerPort*:i hostIP:s hostPort:i name:s protocol:s=TCP
ContainerResizePolicy resourceName*:s restartPolicy*:s
ContainerResourceMetricSource container*:s name*:s target*:&MetricTarget
ContainerResourceMetricStatus container*:s current*:&MetricValueStatus name*:s
ContainerRestartRule action*:s exitCodes:ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes operator*:s values:set(i)
ContainerState running:ContainerStateRunning terminated:ContainerStateTerminated waiting:ContainerStateWaiting
ContainerStateRunning startedAt:t
ContainerStateTerminated containerID:s exitCode*:i finishedAt:t message:s reason:s signal:i startedAt:t
ContainerStateWaiting message:s reason:s
ContainerStatus allocatedResources:dict(q) allocatedResourcesStatus:map(name;ResourceStatus)~merge:name containerID:s image*:s imageID*:s lastState:&ContainerState name*:s ready*:b resources:ResourceRequirements restartCount*:i started:b state:&ContainerState stopSignal:s user:ContainerUser volumeMounts:map(mountPath;VolumeMountStatus)~merge:mountPath
ContainerUser linux:LinuxContainerUser
ControllerRevision apiVersion:s data*:o kind:s metadata:&ObjectMeta revision:l
CronJob apiVersion:s kind:s metadata:&ObjectMeta spec*:&CronJobSpec status:&CronJobStatus
CronJobSpec concurrencyPolicy:s failedJobsHistoryLimit:i jobTemplate*:&JobTemplateSpec schedule*:s startingDeadlineSeconds:l successfulJobsHistoryLimit:i suspend:b timeZone:s
CronJobStatus active:list(ObjectReference) lastScheduleTime:t lastSuccessfulTime:t
CrossVersionObjectReference apiVersion:s kind*:s name*:s
CustomResourceColumnDefinition description:s format:s jsonPath*:s name*:s priority:i type*:s
CustomResourceConversion strategy*:s webhook:WebhookConversion
CustomResourceDefinition apiVersion:s kind:s metadata:&ObjectMeta spec*:&CustomResourceDefinitionSpec status:&CustomResourceDefinitionStatus
CustomResourceDefinitionCondition lastTransitionTime:t message:s observedGeneration:l reason:s status*:s type*:s
CustomResourceDefinitionNames categories:list(s) kind*:s listKind:s plural*:s shortNames:list(s) singular:s
CustomResourceDefinitionSpec conversion:CustomResourceConversion group*:s names*:&CustomResourceDefinitionNames preserveUnknownFields:b scope*:s versions*:list(CustomResourceDefinitionVersion)
CustomResourceDefinitionStatus acceptedNames:&CustomResourceDefinitionNames conditions:map(type;CustomResourceDefinitionCondition) observedGeneration:l storedVersions:list(s)
CustomResourceDefinitionVersion additionalPrinterColumns:list(CustomResourceColumnDefinition) deprecated:b deprecationWarning:s name*:s schema:CustomResourceValidation selectableFields:list(SelectableField) served*:b storage*:b subresources:CustomResourceSubresources
CustomResourceSubresourceScale labelSelectorPath:s specReplicasPath*:s statusReplicasPath*:s
CustomResourceSubresources scale:CustomResourceSubresourceScale status:o
CustomResourceValidation openAPIV3Schema:JSONSchemaProps
DaemonEndpoint Port*:i
DaemonSet apiVersion:s kind:s metadata:&ObjectMeta spec*:&DaemonSetSpec status:&DaemonSetStatus
DaemonSetCondition lastTransitionTime:t message:s reason:s status:s type:s
DaemonSetSpec minReadySeconds:i revisionHistoryLimit:i selector*:LabelSelector template*:&PodTemplateSpec updateStrategy:&DaemonSetUpdateStrategy
DaemonSetStatus collisionCount:i conditions:map(type;DaemonSetCondition)~merge:type currentNumberScheduled*:i desiredNumberScheduled*:i numberAvailable:i numberMisscheduled*:i numberReady*:i numberUnavailable:i observedGeneration:l updatedNumberScheduled:i
DaemonSetUpdateStrategy rollingUpdate:RollingUpdateDaemonSet type:s
DeleteOptions apiVersion:s dryRun:list(s) gracePeriodSeconds:l ignoreStoreReadErrorWithClusterBreakingPotential:b kind:s orphanDependents:b preconditions:Preconditions propagationPolicy:s
Deployment apiVersion:s kind:s metadata:&ObjectMeta spec*:&DeploymentSpec status:&DeploymentStatus
DeploymentCondition lastTransitionTime:t lastUpdateTime:t message:s reason:s status:s type:s
DeploymentSpec minReadySeconds:i paused:b progressDeadlineSeconds:i replicas:i revisionHistoryLimit:i selector*:LabelSelector strategy:&DeploymentStrategy~retainKeys template*:&PodTemplateSpec
DeploymentStatus availableReplicas:i collisionCount:i conditions:map(type;DeploymentCondition)~merge:type observedGeneration:l readyReplicas:i replicas:i terminatingReplicas:i unavailableReplicas:i updatedReplicas:i
DeploymentStrategy rollingUpdate:RollingUpdateDeployment type:s
DownwardAPIProjection items:list(DownwardAPIVolumeFile)
DownwardAPIVolumeFile fieldRef:ObjectFieldSelector mode:i path*:s resourceFieldRef:ResourceFieldSelector user:l
DownwardAPIVolumeSource defaultMode:i defaultUser:l items:list(DownwardAPIVolumeFile)
EmptyDirVolumeSource medium:s mode:i sizeLimit:q
Endpoint addresses*:set(s) conditions:&EndpointConditions deprecatedTopology:dict(s) hints:EndpointHints hostname:s nodeName:s targetRef:ObjectReference zone:s
EndpointAddress! hostname:s ip*:s nodeName:s targetRef:ObjectReference
EndpointConditions ready:b serving:b terminating:b
EndpointHints forNodes:list(ForNode) forZones:list(ForZone)
EndpointSlice addressType*:s apiVersion:s endpoints:list(Endpoint) kind:s metadata:&ObjectMeta ports:list(discovery.v1.EndpointPort)
EndpointSubset addresses:list(EndpointAddress) notReadyAddresses:list(EndpointAddress) ports:list(core.v1.EndpointPort)
Endpoints apiVersion:s kind:s metadata:&ObjectMeta subsets:list(EndpointSubset)
EnvFromSource configMapRef:ConfigMapEnvSource prefix:s secretRef:SecretEnvSource
EnvVar name*:s value:s valueFrom:EnvVarSource
EnvVarSource configMapKeyRef:ConfigMapKeySelector fieldRef:ObjectFieldSelector fileKeyRef:FileKeySelector resourceFieldRef:ResourceFieldSelector secretKeyRef:SecretKeySelector
EphemeralContainer args:list(s) command:list(s) env:map(name;EnvVar)~merge:name envFrom:list(EnvFromSource) image:s imagePullPolicy:s lifecycle:Lifecycle livenessProbe:Probe name*:s ports:map(containerPort,protocol;ContainerPort)~merge:containerPort readinessProbe:Probe resizePolicy:list(ContainerResizePolicy) resources:&ResourceRequirements restartPolicy:s restartPolicyRules:list(ContainerRestartRule) securityContext:SecurityContext startupProbe:Probe stdin:b stdinOnce:b targetContainerName:s terminationMessagePath:s terminationMessagePolicy:s tty:b volumeDevices:map(devicePath;VolumeDevice)~merge:devicePath volumeMounts:map(mountPath;VolumeMount)~merge:mountPath workingDir:s
EphemeralVolumeSource volumeClaimTemplate:PersistentVolumeClaimTemplate
Event action:s apiVersion:s count:i eventTime:t firstTimestamp:t involvedObject*:&ObjectReference kind:s lastTimestamp:t message:s metadata*:&ObjectMeta reason:s related:ObjectReference reportingComponent:s reportingInstance:s series:EventSeries source:&EventSource type:s
EventSeries count:i lastObservedTime:t
EventSource component:s host:s
EvictionResponder! name*:s priority*:i
ExecAction command:list(s)
ExpressionWarning fieldRef*:s warning*:s
ExternalDocumentation description:s url:s
ExternalMetricSource metric*:&MetricIdentifier target*:&MetricTarget
ExternalMetricStatus current*:&MetricValueStatus metric*:&MetricIdentifier
FCVolumeSource fsType:s lun:i readOnly:b targetWWNs:list(s) wwids:list(s)
FileKeySelector! key*:s optional:b path*:s volumeName*:s
FlexPersistentVolumeSource driver*:s fsType:s options:dict(s) readOnly:b secretRef:SecretReference
FlexVolumeSource driver*:s fsType:s options:dict(s) readOnly:b secretRef:LocalObjectReference
FlockerVolumeSource datasetName:s datasetUUID:s
ForNode name*:s
ForZone name*:s
GCEPersistentDiskVolumeSource fsType:s partition:i pdName*:s readOnly:b
GRPCAction mode:s port*:i service:s
GitRepoVolumeSource directory:s repository*:s revision:s
GlusterfsPersistentVolumeSource endpoints*:s endpointsNamespace:s path*:s readOnly:b
GlusterfsVolumeSource endpoints*:s path*:s readOnly:b
HPAScalingPolicy periodSeconds*:i type*:s value*:i
HPAScalingRules policies:list(HPAScalingPolicy) selectPolicy:s stabilizationWindowSeconds:i tolerance:q
HTTPGetAction host:s httpHeaders:list(HTTPHeader) path:s port*:x protocol:s scheme:s
HTTPHeader name*:s value*:s
HTTPIngressPath backend*:&IngressBackend path:s pathType*:s
HTTPIngressRuleValue paths*:list(HTTPIngressPath)
HorizontalPodAutoscaler apiVersion:s kind:s metadata:&ObjectMeta spec*:&HorizontalPodAutoscalerSpec status:&HorizontalPodAutoscalerStatus
HorizontalPodAutoscalerBehavior scaleDown:HPAScalingRules scaleUp:HPAScalingRules
HorizontalPodAutoscalerCondition lastTransitionTime:t message:s observedGeneration:l reason:s status*:s type*:s
HorizontalPodAutoscalerSpec behavior:HorizontalPodAutoscalerBehavior maxReplicas*:i metrics:list(MetricSpec) minReplicas:i scaleTargetRef*:&CrossVersionObjectReference
HorizontalPodAutoscalerStatus conditions:map(type;HorizontalPodAutoscalerCondition)~merge:type currentMetrics:list(MetricStatus) currentReplicas:i desiredReplicas*:i lastScaleTime:t observedGeneration:l
HostAlias hostnames:list(s) ip*:s
HostIP ip*:s
HostPathVolumeSource path*:s type:s
IPAddress apiVersion:s kind:s metadata:&ObjectMeta spec*:&IPAddressSpec
IPAddressSpec parentRef*:ParentReference
IPBlock cidr*:s except:list(s)
ISCSIPersistentVolumeSource chapAuthDiscovery:b chapAuthSession:b fsType:s initiatorName:s iqn*:s iscsiInterface:s=default lun*:i portals:list(s) readOnly:b secretRef:SecretReference targetPortal*:s
ISCSIVolumeSource chapAuthDiscovery:b chapAuthSession:b fsType:s initiatorName:s iqn*:s iscsiInterface:s=default lun*:i portals:list(s) readOnly:b secretRef:LocalObjectReference targetPortal*:s
ImageVolumeSource pullPolicy:s reference:s
ImageVolumeStatus imageRef*:s
Ingress apiVersion:s kind:s metadata:&ObjectMeta spec:&IngressSpec status:&IngressStatus
IngressBackend resource:TypedLocalObjectReference service:IngressServiceBackend
IngressClass apiVersion:s kind:s metadata:&ObjectMeta spec:&IngressClassSpec
IngressClassParametersReference apiGroup:s kind*:s name*:s namespace:s scope:s
IngressClassSpec controller:s parameters:IngressClassParametersReference
IngressLoadBalancerIngress hostname:s ip:s ports:list(IngressPortStatus)
IngressLoadBalancerStatus ingress:list(IngressLoadBalancerIngress)
IngressPortStatus error:s port*:i protocol*:s
IngressRule host:s http:HTTPIngressRuleValue
IngressServiceBackend name*:s port:&ServiceBackendPort
IngressSpec defaultBackend:IngressBackend ingressClassName:s rules:list(IngressRule) tls:list(IngressTLS)
IngressStatus loadBalancer:&IngressLoadBalancerStatus
IngressTLS hosts:list(s) secretName:s
JSONPatch expression:s
JSONSchemaProps $ref:s $schema:s additionalItems:o additionalProperties:o allOf:list(JSONSchemaProps) anyOf:list(JSONSchemaProps) default:o definitions:dict(JSONSchemaProps) dependencies:dict(o) description:s enum:list(o) example:o exclusiveMaximum:b exclusiveMinimum:b externalDocs:ExternalDocumentation format:s id:s items:o maxItems:l maxLength:l maxProperties:l maximum:n minItems:l minLength:l minProperties:l minimum:n multipleOf:n not:JSONSchemaProps nullable:b oneOf:list(JSONSchemaProps) pattern:s patternProperties:dict(JSONSchemaProps) properties:dict(JSONSchemaProps) required:list(s) title:s type:s uniqueItems:b x-kubernetes-embedded-resource:b x-kubernetes-int-or-string:b x-kubernetes-list-map-keys:list(s) x-kubernetes-list-type:s x-kubernetes-map-type:s x-kubernetes-preserve-unknown-fields:b x-kubernetes-validations:map(rule;ValidationRule)~merge:rule
Job apiVersion:s kind:s metadata:&ObjectMeta spec:&JobSpec status:&JobStatus
JobCondition lastProbeTime:t lastTransitionTime:t message:s reason:s status*:s type*:s
JobSchedulingConfiguration disruptionMode:WorkloadPodGroupDisruptionMode resourceClaims:map(name;WorkloadPodGroupResourceClaim)~merge:name schedulingConstraints:WorkloadPodGroupSchedulingConstraints schedulingPolicy:WorkloadPodGroupSchedulingPolicy
JobSpec activeDeadlineSeconds:l backoffLimit:i backoffLimitPerIndex:i completionMode:s completions:i managedBy:s manualSelector:b maxFailedIndexes:i parallelism:i podFailurePolicy:PodFailurePolicy podReplacementPolicy:s scheduling:JobSchedulingConfiguration selector:LabelSelector successPolicy:SuccessPolicy suspend:b template*:&PodTemplateSpec ttlSecondsAfterFinished:i
JobStatus active:i completedIndexes:s completionTime:t conditions:list(JobCondition)~merge:type failed:i failedIndexes:s ready:i startTime:t succeeded:i terminating:i uncountedTerminatedPods:UncountedTerminatedPods
JobTemplateSpec metadata:&ObjectMeta spec:&JobSpec
KeyToPath key*:s mode:i path*:s user:l
LabelSelector! matchExpressions:list(LabelSelectorRequirement) matchLabels:dict(s)
LabelSelectorRequirement key*:s operator*:s values:list(s)
Lease apiVersion:s kind:s metadata:&ObjectMeta spec:&LeaseSpec
LeaseSpec acquireTime:t holderIdentity:s leaseDurationSeconds:i leaseTransitions:i preferredHolder:s renewTime:t strategy:s
Lifecycle postStart:LifecycleHandler preStop:LifecycleHandler stopSignal:s
LifecycleHandler exec:ExecAction httpGet:HTTPGetAction sleep:SleepAction tcpSocket:TCPSocketAction
LimitRange apiVersion:s kind:s metadata:&ObjectMeta spec:&LimitRangeSpec
LimitRangeItem default:dict(q) defaultRequest:dict(q) max:dict(q) maxLimitRequestRatio:dict(q) min:dict(q) type*:s
LimitRangeSpec limits*:list(LimitRangeItem)
LinuxContainerUser gid*:l supplementalGroups:list(l) uid*:l
LoadBalancerIngress hostname:s ip:s ipMode:s ports:list(PortStatus)
LoadBalancerStatus ingress:list(LoadBalancerIngress)
LocalObjectReference! name:s
LocalVolumeSource fsType:s path*:s
ManagedFieldsEntry apiVersion:s fieldsType:s fieldsV1:o manager:s operation:s subresource:s time:t
MatchCondition expression*:s name*:s
MatchResources! excludeResourceRules:list(NamedRuleWithOperations) matchPolicy:s namespaceSelector:LabelSelector objectSelector:LabelSelector resourceRules:list(NamedRuleWithOperations)
MetricIdentifier name*:s selector:LabelSelector
MetricSpec containerResource:ContainerResourceMetricSource external:ExternalMetricSource object:ObjectMetricSource pods:PodsMetricSource resource:ResourceMetricSource type*:s
MetricStatus containerResource:ContainerResourceMetricStatus external:ExternalMetricStatus object:ObjectMetricStatus pods:PodsMetricStatus resource:ResourceMetricStatus type*:s
MetricTarget averageUtilization:i averageValue:q type*:s value:q
MetricValueStatus averageUtilization:i averageValue:q value:q
ModifyVolumeStatus status*:s targetVolumeAttributesClassName:s
MutatingAdmissionPolicy apiVersion:s kind:s metadata:&ObjectMeta spec:&MutatingAdmissionPolicySpec
MutatingAdmissionPolicyBinding apiVersion:s kind:s metadata:&ObjectMeta spec:&MutatingAdmissionPolicyBindingSpec
MutatingAdmissionPolicyBindingSpec matchResources:MatchResources paramRef:ParamRef policyName:s
MutatingAdmissionPolicySpec failurePolicy:s matchConditions:map(name;MatchCondition)~merge:name matchConstraints:MatchResources mutations:list(Mutation) paramKind:ParamKind reinvocationPolicy:s variables:list(Variable)
MutatingWebhook admissionReviewVersions*:list(s) clientConfig*:&admissionregistration.v1.WebhookClientConfig failurePolicy:s matchConditions:map(name;MatchCondition)~merge:name matchPolicy:s name*:s namespaceSelector:LabelSelector objectSelector:LabelSelector reinvocationPolicy:s rules:list(RuleWithOperations) sideEffects*:s timeoutSeconds:i
MutatingWebhookConfiguration apiVersion:s kind:s metadata:&ObjectMeta webhooks:map(name;MutatingWebhook)~merge:name
Mutation applyConfiguration:ApplyConfiguration jsonPatch:JSONPatch patchType*:s
NFSVolumeSource path*:s readOnly:b server*:s
NamedRuleWithOperations! apiGroups:list(s) apiVersions:list(s) operations:list(s) resourceNames:list(s) resources:list(s) scope:s
Namespace apiVersion:s kind:s metadata:&ObjectMeta spec:&NamespaceSpec status:&NamespaceStatus
NamespaceCondition lastTransitionTime:t message:s reason:s status*:s type*:s
NamespaceSpec finalizers:list(s)
NamespaceStatus conditions:map(type;NamespaceCondition)~merge:type phase:s
NetworkPolicy apiVersion:s kind:s metadata:&ObjectMeta spec:&NetworkPolicySpec
NetworkPolicyEgressRule ports:list(NetworkPolicyPort) to:list(NetworkPolicyPeer)
NetworkPolicyIngressRule from:list(NetworkPolicyPeer) ports:list(NetworkPolicyPort)
NetworkPolicyPeer ipBlock:IPBlock namespaceSelector:LabelSelector podSelector:LabelSelector
NetworkPolicyPort endPort:i port:x protocol:s
NetworkPolicySpec egress:list(NetworkPolicyEgressRule) ingress:list(NetworkPolicyIngressRule) podSelector:&LabelSelector policyTypes:list(s)
Node apiVersion:s kind:s metadata:&ObjectMeta spec:&NodeSpec status:&NodeStatus
NodeAddress address*:s type*:s
NodeAffinity preferredDuringSchedulingIgnoredDuringExecution:list(PreferredSchedulingTerm) requiredDuringSchedulingIgnoredDuringExecution:NodeSelector
NodeAllocatableMappedResources name*:s quantity*:q
NodeAllocatableOverheadResources name*:s perContainer:q perPod:q
NodeAllocatableResourceClaimStatus containers:set(s) mapping:map(name;NodeAllocatableMappedResources)~merge:name overhead:map(name;NodeAllocatableOverheadResources)~merge:name resourceClaimName*:s
NodeCondition lastHeartbeatTime:t lastTransitionTime:t message:s reason:s status*:s type*:s
NodeConfigSource configMap:ConfigMapNodeConfigSource
NodeConfigStatus active:NodeConfigSource assigned:NodeConfigSource error:s lastKnownGood:NodeConfigSource
NodeDaemonEndpoints kubeletEndpoint:&DaemonEndpoint
NodeFeatures supplementalGroupsPolicy:b
NodePodPreemptionPolicy disableResizePreemption:set(s)
NodeRuntimeHandler features:NodeRuntimeHandlerFeatures name:s
NodeRuntimeHandlerFeatures recursiveReadOnlyMounts:b userNamespaces:b
NodeSelector! nodeSelectorTerms*:list(NodeSelectorTerm)
NodeSelectorRequirement key*:s operator*:s values:list(s)
NodeSelectorTerm! matchExpressions:list(NodeSelectorRequirement) matchFields:list(NodeSelectorRequirement)
NodeSpec configSource:NodeConfigSource externalID:s podCIDR:s podCIDRs:set(s)~merge podPreemptionPolicy:NodePodPreemptionPolicy providerID:s taints:list(Taint) unschedulable:b
NodeStatus addresses:map(type;NodeAddress)~merge:type allocatable:dict(q) capacity:dict(q) conditions:map(type;NodeCondition)~merge:type config:NodeConfigStatus daemonEndpoints:&NodeDaemonEndpoints declaredFeatures:list(s) features:NodeFeatures images:list(ContainerImage) nodeInfo:&NodeSystemInfo phase:s runtimeHandlers:list(NodeRuntimeHandler) volumesAttached:list(AttachedVolume) volumesInUse:list(s)
NodeSwapStatus capacity:l
NodeSystemInfo architecture*:s bootID*:s containerRuntimeVersion*:s kernelVersion*:s kubeProxyVersion*:s kubeletVersion*:s machineID*:s operatingSystem*:s osImage*:s runningInUserNamespace:b swap:NodeSwapStatus systemUUID*:s
ObjectFieldSelector! apiVersion:s fieldPath*:s
ObjectMeta annotations:dict(s) creationTimestamp:t deletionGracePeriodSeconds:l deletionTimestamp:t finalizers:set(s)~merge generateName:s generation:l labels:dict(s) managedFields:list(ManagedFieldsEntry) name:s namespace:s ownerReferences:map(uid;OwnerReference)~merge:uid resourceVersion:s selfLink:s uid:s
ObjectMetricSource describedObject*:&CrossVersionObjectReference metric*:&MetricIdentifier target*:&MetricTarget
ObjectMetricStatus current*:&MetricValueStatus describedObject*:&CrossVersionObjectReference metric*:&MetricIdentifier
ObjectReference! apiVersion:s fieldPath:s kind:s name:s namespace:s resourceVersion:s uid:s
OwnerReference! apiVersion*:s blockOwnerDeletion:b controller:b kind*:s name*:s uid*:s
ParamKind! apiVersion:s kind:s
ParamRef! name:s namespace:s parameterNotFoundAction:s selector:LabelSelector
ParentReference group:s name*:s namespace:s resource*:s
PersistentVolume apiVersion:s kind:s metadata:&ObjectMeta spec:&PersistentVolumeSpec status:&PersistentVolumeStatus
PersistentVolumeClaim apiVersion:s kind:s metadata:&ObjectMeta spec:&PersistentVolumeClaimSpec status:&PersistentVolumeClaimStatus
PersistentVolumeClaimCondition lastProbeTime:t lastTransitionTime:t message:s reason:s status*:s type*:s
PersistentVolumeClaimSpec accessModes:list(s) dataSource:TypedLocalObjectReference dataSourceRef:TypedObjectReference resources:&VolumeResourceRequirements selector:LabelSelector storageClassName:s volumeAttributesClassName:s volumeMode:s volumeName:s
PersistentVolumeClaimStatus accessModes:list(s) allocatedResourceStatuses:dict(s) allocatedResources:dict(q) capacity:dict(q) conditions:map(type;PersistentVolumeClaimCondition)~merge:type currentVolumeAttributesClassName:s healthStatus:VolumeHealthStatus modifyVolumeStatus:ModifyVolumeStatus phase:s
PersistentVolumeClaimTemplate metadata:&ObjectMeta spec*:&PersistentVolumeClaimSpec
PersistentVolumeClaimVolumeSource claimName*:s readOnly:b
PersistentVolumeSpec accessModes:list(s) awsElasticBlockStore:AWSElasticBlockStoreVolumeSource azureDisk:AzureDiskVolumeSource azureFile:AzureFilePersistentVolumeSource capacity:dict(q) cephfs:CephFSPersistentVolumeSource cinder:CinderPersistentVolumeSource claimRef:ObjectReference csi:CSIPersistentVolumeSource fc:FCVolumeSource flexVolume:FlexPersistentVolumeSource flocker:FlockerVolumeSource gcePersistentDisk:GCEPersistentDiskVolumeSource glusterfs:GlusterfsPersistentVolumeSource hostPath:HostPathVolumeSource iscsi:ISCSIPersistentVolumeSource local:LocalVolumeSource mountOptions:list(s) nfs:NFSVolumeSource nodeAffinity:VolumeNodeAffinity persistentVolumeReclaimPolicy:s photonPersistentDisk:PhotonPersistentDiskVolumeSource portworxVolume:PortworxVolumeSource quobyte:QuobyteVolumeSource rbd:RBDPersistentVolumeSource scaleIO:ScaleIOPersistentVolumeSource storageClassName:s storageos:StorageOSPersistentVolumeSource volumeAttributesClassName:s volumeMode:s vsphereVolume:VsphereVirtualDiskVolumeSource
PersistentVolumeStatus lastPhaseTransitionTime:t message:s phase:s reason:s
PhotonPersistentDiskVolumeSource fsType:s pdID*:s
Pod apiVersion:s kind:s metadata:&ObjectMeta spec:&PodSpec status:&PodStatus
PodAffinity preferredDuringSchedulingIgnoredDuringExecution:list(WeightedPodAffinityTerm) requiredDuringSchedulingIgnoredDuringExecution:list(PodAffinityTerm)
PodAffinityTerm labelSelector:LabelSelector matchLabelKeys:list(s) mismatchLabelKeys:list(s) namespaceSelector:LabelSelector namespaces:list(s) topologyKey*:s
PodAntiAffinity preferredDuringSchedulingIgnoredDuringExecution:list(WeightedPodAffinityTerm) requiredDuringSchedulingIgnoredDuringExecution:list(PodAffinityTerm)
PodCertificateProjection certificateChainPath:s credentialBundlePath:s keyPath:s keyType*:s maxExpirationSeconds:i signerName*:s user:l userAnnotations:dict(s)
PodCondition lastProbeTime:t lastTransitionTime:t message:s observedGeneration:l reason:s status*:s type*:s
PodDNSConfig nameservers:list(s) options:list(PodDNSConfigOption) searches:list(s)
PodDNSConfigOption name:s value:s
PodDisruptionBudget apiVersion:s kind:s metadata:&ObjectMeta spec:&PodDisruptionBudgetSpec status:&PodDisruptionBudgetStatus
PodDisruptionBudgetSpec maxUnavailable:x minAvailable:x selector:LabelSelector~replace unhealthyPodEvictionPolicy:s
PodDisruptionBudgetStatus conditions:map(type;Condition)~merge:type currentHealthy:i desiredHealthy:i disruptedPods:dict(t) disruptionsAllowed:i expectedPods:i observedGeneration:l
PodExtendedResourceClaimStatus requestMappings*:list(ContainerExtendedResourceRequest) resourceClaimName*:s
PodFailurePolicy rules*:list(PodFailurePolicyRule)
PodFailurePolicyOnExitCodesRequirement containerName:s operator*:s values*:set(i)
PodFailurePolicyOnPodConditionsPattern status:s type*:s
PodFailurePolicyRule action*:s onExitCodes:PodFailurePolicyOnExitCodesRequirement onPodConditions:list(PodFailurePolicyOnPodConditionsPattern)
PodIP ip*:s
PodOS name*:s
PodReadinessGate conditionType*:s
PodResourceClaim name*:s resourceClaimName:s resourceClaimTemplateName:s
PodResourceClaimStatus name*:s resourceClaimName:s
PodSchedulingGate name*:s
PodSchedulingGroup podGroupName:s
PodSecurityContext appArmorProfile:AppArmorProfile fsGroup:l fsGroupChangePolicy:s runAsGroup:l runAsNonRoot:b runAsUser:l seLinuxChangePolicy:s seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile supplementalGroups:list(l) supplementalGroupsPolicy:s sysctls:list(Sysctl) windowsOptions:WindowsSecurityContextOptions
PodSpec activeDeadlineSeconds:l affinity:Affinity automountServiceAccountToken:b containers*:map(name;Container)~merge:name dnsConfig:PodDNSConfig dnsPolicy:s enableServiceLinks:b ephemeralContainers:map(name;EphemeralContainer)~merge:name evictionResponders:map(name;EvictionResponder)~merge:name hostAliases:map(ip;HostAlias)~merge:ip hostIPC:b hostNetwork:b hostPID:b hostUsers:b hostname:s hostnameOverride:s imagePullSecrets:map(name;LocalObjectReference)~merge:name initContainers:map(name;Container)~merge:name nodeName:s nodeSelector:adict(s) os:PodOS overhead:dict(q) preemptionPolicy:s priority:i priorityClassName:s readinessGates:list(PodReadinessGate) resourceClaims:map(name;PodResourceClaim)~merge,retainKeys:name resources:ResourceRequirements restartPolicy:s runtimeClassName:s schedulerName:s schedulingGates:map(name;PodSchedulingGate)~merge:name schedulingGroup:PodSchedulingGroup securityContext:PodSecurityContext serviceAccount:s serviceAccountName:s setHostnameAsFQDN:b shareProcessNamespace:b subdomain:s terminationGracePeriodSeconds:l tolerations:list(Toleration) topologySpreadConstraints:map(topologyKey,whenUnsatisfiable;TopologySpreadConstraint)~merge:topologyKey volumes:map(name;Volume)~merge,retainKeys:name
PodStatus allocatedResources:dict(q) conditions:map(type;PodCondition)~merge:type containerStatuses:list(ContainerStatus) ephemeralContainerStatuses:list(ContainerStatus) extendedResourceClaimStatus:PodExtendedResourceClaimStatus hostIP:s hostIPs:list(HostIP)~merge:ip initContainerStatuses:list(ContainerStatus) message:s nodeAllocatableResourceClaimStatuses:map(resourceClaimName;NodeAllocatableResourceClaimStatus)~merge:resourceClaimName nominatedNodeName:s observedGeneration:l phase:s podIP:s podIPs:map(ip;PodIP)~merge:ip qosClass:s reason:s resize:s resourceClaimStatuses:map(name;PodResourceClaimStatus)~merge,retainKeys:name resources:ResourceRequirements startTime:t volumeHealth:map(name;PodVolumeHealth)
PodTemplateSpec metadata:&ObjectMeta spec:&PodSpec
PodVolumeHealth healthConditions:map(status,reason;VolumeHealthCondition)~merge:status lastTransitionTime:t name*:s
PodsMetricSource metric*:&MetricIdentifier target*:&MetricTarget
PodsMetricStatus current*:&MetricValueStatus metric*:&MetricIdentifier
PolicyRule apiGroups:list(s) nonResourceURLs:list(s) resourceNames:list(s) resources:list(s) verbs*:list(s)
PortStatus error:s port*:i protocol*:s
PortworxVolumeSource fsType:s readOnly:b volumeID*:s
Preconditions resourceVersion:s uid:s
PreferredSchedulingTerm preference*:&NodeSelectorTerm weight*:i
PriorityClass apiVersion:s description:s globalDefault:b kind:s metadata:&ObjectMeta preemptionPolicy:s value:i
Probe exec:ExecAction failureThreshold:i grpc:GRPCAction httpGet:HTTPGetAction initialDelaySeconds:i periodSeconds:i successThreshold:i tcpSocket:TCPSocketAction terminationGracePeriodSeconds:l timeoutSeconds:i
ProjectedVolumeSource defaultMode:i defaultUser:l sources:list(VolumeProjection)
QuobyteVolumeSource group:s readOnly:b registry*:s tenant:s user:s volume*:s
RBDPersistentVolumeSource fsType:s image*:s keyring:s=/etc/ceph/keyring monitors*:list(s) pool:s=rbd readOnly:b secretRef:SecretReference user:s=admin
RBDVolumeSource fsType:s image*:s keyring:s=/etc/ceph/keyring monitors*:list(s) pool:s=rbd readOnly:b secretRef:LocalObjectReference user:s=admin
ReplicaSet apiVersion:s kind:s metadata:&ObjectMeta spec*:&ReplicaSetSpec status:&ReplicaSetStatus
ReplicaSetCondition lastTransitionTime:t message:s reason:s status:s type:s
ReplicaSetSpec minReadySeconds:i replicas:i selector*:LabelSelector template:&PodTemplateSpec
ReplicaSetStatus availableReplicas:i conditions:map(type;ReplicaSetCondition)~merge:type fullyLabeledReplicas:i observedGeneration:l readyReplicas:i replicas*:i terminatingReplicas:i
ResourceClaim name*:s request:s
ResourceFieldSelector! containerName:s divisor:q resource*:s
ResourceHealth health:s message:s resourceID*:s
ResourceMetricSource name*:s target*:&MetricTarget
ResourceMetricStatus current*:&MetricValueStatus name*:s
ResourceQuota apiVersion:s kind:s metadata:&ObjectMeta spec:&ResourceQuotaSpec status:&ResourceQuotaStatus
ResourceQuotaSpec hard:dict(q) scopeSelector:ScopeSelector scopes:list(s)
ResourceQuotaStatus hard:dict(q) used:dict(q)
ResourceRequirements claims:map(name;ResourceClaim) limits:dict(q) requests:dict(q)
ResourceStatus name*:s resources:map(resourceID;ResourceHealth)
Role apiVersion:s kind:s metadata:&ObjectMeta rules:list(PolicyRule)
RoleBinding apiVersion:s kind:s metadata:&ObjectMeta roleRef*:&RoleRef subjects:list(Subject)
RoleRef! apiGroup:s kind*:s name*:s
RollingUpdateDaemonSet maxSurge:x maxUnavailable:x
RollingUpdateDeployment maxSurge:x maxUnavailable:x
RollingUpdateStatefulSetStrategy maxUnavailable:x partition:i
RuleWithOperations apiGroups:list(s) apiVersions:list(s) operations:list(s) resources:list(s) scope:s
SELinuxOptions level:s role:s type:s user:s
ScaleIOPersistentVolumeSource fsType:s=xfs gateway*:s protectionDomain:s readOnly:b secretRef*:SecretReference sslEnabled:b storageMode:s=ThinProvisioned storagePool:s system*:s volumeName:s
ScaleIOVolumeSource fsType:s=xfs gateway*:s protectionDomain:s readOnly:b secretRef*:LocalObjectReference sslEnabled:b storageMode:s=ThinProvisioned storagePool:s system*:s volumeName:s
ScopeSelector! matchExpressions:list(ScopedResourceSelectorRequirement)
ScopedResourceSelectorRequirement operator*:s scopeName*:s values:list(s)
SeccompProfile localhostProfile:s type*:s
Secret apiVersion:s data:dict(y) immutable:b kind:s metadata:&ObjectMeta stringData:dict(s) type:s
SecretEnvSource name:s optional:b
SecretKeySelector! key*:s name:s optional:b
SecretProjection items:list(KeyToPath) name:s optional:b
SecretReference! name:s namespace:s
SecretVolumeSource defaultMode:i defaultUser:l items:list(KeyToPath) optional:b secretName:s
SecurityContext allowPrivilegeEscalation:b appArmorProfile:AppArmorProfile capabilities:Capabilities privileged:b procMount:s readOnlyRootFilesystem:b runAsGroup:l runAsNonRoot:b runAsUser:l seLinuxOptions:SELinuxOptions seccompProfile:SeccompProfile windowsOptions:WindowsSecurityContextOptions
SelectableField jsonPath*:s
Service apiVersion:s kind:s metadata:&ObjectMeta spec:&ServiceSpec status:&ServiceStatus
ServiceAccount apiVersion:s automountServiceAccountToken:b imagePullSecrets:list(LocalObjectReference) kind:s metadata:&ObjectMeta secrets:map(name;ObjectReference)~merge:name
ServiceAccountTokenProjection audience:s expirationSeconds:l path*:s user:l
ServiceBackendPort! name:s number:i
ServiceCIDR apiVersion:s kind:s metadata:&ObjectMeta spec:&ServiceCIDRSpec status:&ServiceCIDRStatus
ServiceCIDRSpec cidrs:list(s)
ServiceCIDRStatus conditions:map(type;Condition)~merge:type
ServicePort appProtocol:s name:s nodePort:i port*:i protocol:s=TCP targetPort:x
ServiceSpec allocateLoadBalancerNodePorts:b clusterIP:s clusterIPs:list(s) externalIPs:list(s) externalName:s externalTrafficPolicy:s healthCheckNodePort:i internalTrafficPolicy:s ipFamilies:list(s) ipFamilyPolicy:s loadBalancerClass:s loadBalancerIP:s loadBalancerSourceRanges:list(s) ports:map(port,protocol;ServicePort)~merge:port publishNotReadyAddresses:b selector:adict(s) sessionAffinity:s sessionAffinityConfig:SessionAffinityConfig trafficDistribution:s type:s
ServiceStatus conditions:map(type;Condition)~merge:type loadBalancer:&LoadBalancerStatus
SessionAffinityConfig clientIP:ClientIPConfig
SleepAction seconds*:l
StatefulSet apiVersion:s kind:s metadata:&ObjectMeta spec*:&StatefulSetSpec status:&StatefulSetStatus
StatefulSetCondition lastTransitionTime:t message:s reason:s status:s type:s
StatefulSetOrdinals start:i
StatefulSetPersistentVolumeClaimRetentionPolicy whenDeleted:s whenScaled:s
StatefulSetSpec minReadySeconds:i ordinals:StatefulSetOrdinals persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy podManagementPolicy:s replicas:i revisionHistoryLimit:i selector*:LabelSelector serviceName:s template*:&PodTemplateSpec updateStrategy:&StatefulSetUpdateStrategy volumeClaimTemplates:list(PersistentVolumeClaim)
StatefulSetStatus availableReplicas:i collisionCount:i conditions:map(type;StatefulSetCondition)~merge:type currentReplicas:i currentRevision:s observedGeneration:l readyReplicas:i replicas*:i updateRevision:s updatedReplicas:i
StatefulSetUpdateStrategy rollingUpdate:RollingUpdateStatefulSetStrategy type:s
StorageClass allowVolumeExpansion:b allowedTopologies:list(TopologySelectorTerm) apiVersion:s kind:s metadata:&ObjectMeta mountOptions:list(s) parameters:dict(s) provisioner*:s reclaimPolicy:s volumeBindingMode:s
StorageHealth healthConditions:list(StorageHealthCondition) name*:s
StorageHealthCondition accessMode:s lastTransitionTime:t message:s reason*:s status*:s volumeMode:s
StorageOSPersistentVolumeSource fsType:s readOnly:b secretRef:ObjectReference volumeName:s volumeNamespace:s
StorageOSVolumeSource fsType:s readOnly:b secretRef:LocalObjectReference volumeName:s volumeNamespace:s
Subject! apiGroup:s kind*:s name*:s namespace:s
SuccessPolicy rules*:list(SuccessPolicyRule)
SuccessPolicyRule succeededCount:i succeededIndexes:s
Sysctl name*:s value*:s
TCPSocketAction host:s port*:x
Taint effect*:s key*:s timeAdded:t value:s
Toleration effect:s key:s operator:s tolerationSeconds:l value:s
TopologyConstraint key*:s
TopologySelectorLabelRequirement key*:s values*:list(s)
TopologySelectorTerm! matchLabelExpressions:list(TopologySelectorLabelRequirement)
TopologySpreadConstraint labelSelector:LabelSelector matchLabelKeys:list(s) maxSkew*:i minDomains:i nodeAffinityPolicy:s nodeTaintsPolicy:s topologyKey*:s whenUnsatisfiable*:s
TypeChecking expressionWarnings:list(ExpressionWarning)
TypedLocalObjectReference! apiGroup:s kind*:s name*:s
TypedObjectReference apiGroup:s kind*:s name*:s namespace:s
UncountedTerminatedPods failed:set(s) succeeded:set(s)
ValidatingAdmissionPolicy apiVersion:s kind:s metadata:&ObjectMeta spec:&ValidatingAdmissionPolicySpec status:&ValidatingAdmissionPolicyStatus
ValidatingAdmissionPolicyBinding apiVersion:s kind:s metadata:&ObjectMeta spec*:&ValidatingAdmissionPolicyBindingSpec
ValidatingAdmissionPolicyBindingSpec matchResources:MatchResources paramRef:ParamRef policyName*:s validationActions*:set(s)
ValidatingAdmissionPolicySpec auditAnnotations:list(AuditAnnotation) failurePolicy:s matchConditions:map(name;MatchCondition)~merge:name matchConstraints:MatchResources paramKind:ParamKind validations:list(Validation) variables:map(name;Variable)~merge:name
ValidatingAdmissionPolicyStatus conditions:map(type;Condition) observedGeneration:l typeChecking:TypeChecking
ValidatingWebhook admissionReviewVersions*:list(s) clientConfig*:&admissionregistration.v1.WebhookClientConfig failurePolicy:s matchConditions:map(name;MatchCondition)~merge:name matchPolicy:s name*:s namespaceSelector:LabelSelector objectSelector:LabelSelector rules:list(RuleWithOperations) sideEffects*:s timeoutSeconds:i
ValidatingWebhookConfiguration apiVersion:s kind:s metadata:&ObjectMeta webhooks:map(name;ValidatingWebhook)~merge:name
Validation expression*:s message:s messageExpression:s reason:s
ValidationRule fieldPath:s message:s messageExpression:s optionalOldSelf:b reason:s rule*:s
Variable! expression*:s name*:s
Volume awsElasticBlockStore:AWSElasticBlockStoreVolumeSource azureDisk:AzureDiskVolumeSource azureFile:AzureFileVolumeSource cephfs:CephFSVolumeSource cinder:CinderVolumeSource configMap:ConfigMapVolumeSource csi:CSIVolumeSource downwardAPI:DownwardAPIVolumeSource emptyDir:EmptyDirVolumeSource ephemeral:EphemeralVolumeSource fc:FCVolumeSource flexVolume:FlexVolumeSource flocker:FlockerVolumeSource gcePersistentDisk:GCEPersistentDiskVolumeSource gitRepo:GitRepoVolumeSource glusterfs:GlusterfsVolumeSource hostPath:HostPathVolumeSource image:ImageVolumeSource iscsi:ISCSIVolumeSource name*:s nfs:NFSVolumeSource persistentVolumeClaim:PersistentVolumeClaimVolumeSource photonPersistentDisk:PhotonPersistentDiskVolumeSource portworxVolume:PortworxVolumeSource projected:ProjectedVolumeSource quobyte:QuobyteVolumeSource rbd:RBDVolumeSource scaleIO:ScaleIOVolumeSource secret:SecretVolumeSource storageos:StorageOSVolumeSource vsphereVolume:VsphereVirtualDiskVolumeSource
VolumeAttachment apiVersion:s kind:s metadata:&ObjectMeta spec*:&VolumeAttachmentSpec status:&VolumeAttachmentStatus
VolumeAttachmentSource inlineVolumeSpec:PersistentVolumeSpec persistentVolumeName:s
VolumeAttachmentSpec attacher*:s nodeName*:s source*:&VolumeAttachmentSource
VolumeAttachmentStatus attachError:VolumeError attached*:b attachmentMetadata:dict(s) detachError:VolumeError
VolumeAttributesClass apiVersion:s driverName*:s kind:s metadata:&ObjectMeta parameters:dict(s)
VolumeDevice devicePath*:s name*:s
VolumeError errorCode:i message:s time:t
VolumeHealthCondition message:s reason*:s status*:s
VolumeHealthStatus healthConditions:map(status,reason;VolumeHealthCondition)~merge:status lastTransitionTime:t
VolumeMount bindMountOptions:set(s) mountPath*:s mountPropagation:s name*:s readOnly:b recursiveReadOnly:s subPath:s subPathExpr:s
VolumeMountStatus mountPath*:s name*:s readOnly:b recursiveReadOnly:s volumeStatus:VolumeStatus
VolumeNodeAffinity required:NodeSelector
VolumeNodeResources count:i
VolumeProjection clusterTrustBundle:ClusterTrustBundleProjection configMap:ConfigMapProjection downwardAPI:DownwardAPIProjection podCertificate:PodCertificateProjection secret:SecretProjection serviceAccountToken:ServiceAccountTokenProjection
VolumeResourceRequirements limits:dict(q) requests:dict(q)
VolumeStatus image:ImageVolumeStatus
VsphereVirtualDiskVolumeSource fsType:s storagePolicyID:s storagePolicyName:s volumePath*:s
WebhookConversion clientConfig:apiextensions.v1.WebhookClientConfig conversionReviewVersions*:list(s)
WeightedPodAffinityTerm podAffinityTerm*:&PodAffinityTerm weight*:i
WindowsSecurityContextOptions gmsaCredentialSpec:s gmsaCredentialSpecName:s hostProcess:b runAsUserName:s
WorkloadPodGroupDisruptionMode all:o single:o
WorkloadPodGroupGangSchedulingPolicy minCount:i
WorkloadPodGroupResourceClaim name*:s resourceClaimName:s resourceClaimTemplateName:s
WorkloadPodGroupSchedulingConstraints topology:list(TopologyConstraint)
WorkloadPodGroupSchedulingPolicy basic:o gang:WorkloadPodGroupGangSchedulingPolicy
admissionregistration.v1.ServiceReference name*:s namespace*:s path:s port:i
admissionregistration.v1.WebhookClientConfig caBundle:y service:admissionregistration.v1.ServiceReference url:s
apiextensions.v1.ServiceReference name*:s namespace*:s path:s port:i
apiextensions.v1.WebhookClientConfig caBundle:y service:apiextensions.v1.ServiceReference url:s
core.v1.EndpointPort! appProtocol:s name:s port*:i protocol:s
discovery.v1.EndpointPort! appProtocol:s name:s port:i protocol:s
storage.v1.TokenRequest audience*:s expirationSeconds:l
`;
